import { FRAME_BYTES, MAX_WITHHELD } from '@stella/contracts'
import { type KeyRange, parseDatabaseUrl } from '@stella/core'
import { rangeQuery } from '@stella/db'
import { writeJsonLines } from '@stella/native'

import type { ShardTarget, WriteDeps, WrittenShard } from './write-step.ts'

/** Writes the ranges of a shard as zstd frames of JSON lines. The native module reads, checks, projects, redacts and compresses. */
export async function writeLinesShard(
  { databaseUrl, mappings, readers }: WriteDeps,
  { kind, ranges }: { kind: 'advisory' | 'vex'; ranges: readonly KeyRange[] },
  { plan, path }: ShardTarget,
  signal: AbortSignal,
): Promise<WrittenShard> {
  const written = await writeJsonLines(
    {
      connection: parseDatabaseUrl(databaseUrl),
      tenantId: plan.scope.tenantId,
      queries: ranges.map((range) => rangeQuery(plan.scope, kind, range)),
      mapping: mappings[kind].json,
      level: plan.profile.config.compression.level,
      frameBytes: FRAME_BYTES,
      readers,
      maxWithheld: MAX_WITHHELD,
      path,
    },
    signal,
  )
  const { records, sizeBytes, sha256, withheld } = written
  return {
    kind,
    records,
    sizeBytes,
    sha256,
    documents: [],
    withheld: withheld.map(({ recordKey, detector, pointer, action }) => ({
      kind,
      record: recordKey,
      detector,
      pointer,
      action,
    })),
  }
}
