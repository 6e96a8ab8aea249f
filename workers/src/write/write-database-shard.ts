import { type RecordKind, type TrivyDatabase, trivyConfig } from '@stella/contracts'
import { NOT_DOWNLOADED, type Shard, trivyMetadata } from '@stella/core'

import type { ShardTarget, WriteDeps, WrittenShard } from './write-step.ts'

/**
 * Builds a database for Trivy of all ranges, with the list of what has no place in it. The native module maps, sorts, writes and checks.
 */
export async function writeDatabaseShard(
  { evidence, mappings, readers, log }: WriteDeps,
  { kind, ranges, besides = [] }: Shard,
  { plan, scratch, path, database }: ShardTarget & { readonly database: TrivyDatabase },
  signal: AbortSignal,
): Promise<WrittenShard> {
  const config = trivyConfig.parse(plan.profile.config.trivy ?? {})
  const { schema } = database
  const times = { schema, updatedAt: plan.ledgerTime, validityDays: config.validity_days }
  const oci = { metadata: trivyMetadata({ ...times, downloadedAt: NOT_DOWNLOADED }), created: plan.ledgerTime }
  const options = { metadata: trivyMetadata(times), allowEmpty: config.allow_empty, oci: config.oci ? oci : null }
  const sources = [{ kind, ranges }, ...besides].map((source) => ({ ...source, mapping: mappings[source.kind] }))
  const made = await evidence.writeDatabase({ plan, sources, readers, scratch, path, ...options }, signal)
  const { records, written, omitted, parts, sizeBytes, sha256, withheld } = made
  const { databaseBytes, readSeconds, databaseSeconds } = made
  log({
    message: 'a database was built',
    plan: plan.id,
    database: database.file,
    records: records.reduce((sum, count) => sum + count, 0),
    written,
    omitted,
    database_bytes: databaseBytes,
    read_seconds: readSeconds,
    database_seconds: databaseSeconds,
  })
  const [first = 0, ...others] = records
  return {
    kind,
    records: first,
    ...(besides.length > 0
      ? { besides: besides.map((source, index) => ({ kind: source.kind, records: others[index] ?? 0 })) }
      : {}),
    sizeBytes,
    sha256,
    documents: parts,
    withheld: withheld.map(({ recordKey, ...credential }) => ({
      detector: credential.detector,
      pointer: credential.pointer,
      action: credential.action as 'redact' | 'withhold',
      kind: credential.kind as RecordKind,
      record: recordKey,
    })),
  }
}
