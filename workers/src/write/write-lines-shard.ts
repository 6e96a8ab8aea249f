import type { LineKind } from '@stella/contracts'
import type { KeyRange } from '@stella/core'

import { withheldOf } from './withheld-of.ts'
import type { ShardTarget, WriteDeps, WrittenShard } from './write-step.ts'

/** Writes the ranges of a shard as zstd frames of JSON lines. The native module reads, checks, projects, redacts and compresses. */
export async function writeLinesShard(
  { evidence, mappings, readers }: WriteDeps,
  { kind, ranges }: { kind: LineKind; ranges: readonly KeyRange[] },
  { plan, scratch, path }: ShardTarget,
  signal: AbortSignal,
): Promise<WrittenShard> {
  const work = { plan, kind, ranges, mapping: mappings[kind], readers, scratch, path }
  const written = await evidence.writeLines(work, signal)
  const { records, sizeBytes, sha256, withheld } = written
  return {
    kind,
    records,
    sizeBytes,
    sha256,
    documents: [],
    withheld: withheldOf(kind, withheld),
  }
}
