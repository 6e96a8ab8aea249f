import { type TrivyDatabase, trivyConfig } from '@stella/contracts'
import { NOT_DOWNLOADED, type Shard, trivyMetadata } from '@stella/core'

import { readKinds } from './read-kinds.ts'
import { withheldOf } from './withheld-of.ts'
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
  const kinds = [{ kind, ranges }, ...besides]
  const sources = kinds.map((source) => ({ ...source, mapping: mappings[source.kind] }))
  const made = await evidence.writeDatabase({ plan, sources, readers, scratch, path, ...options }, signal)
  const { written, omitted, parts, sizeBytes, sha256 } = made
  const { databaseBytes, readSeconds, databaseSeconds } = made
  const read = kinds.map((source, index) => ({ kind: source.kind, records: made.sources[index]?.records ?? 0 }))
  log({
    message: 'a database was built',
    plan: plan.id,
    database: database.file,
    records: read.reduce((sum, { records }) => sum + records, 0),
    written,
    omitted,
    database_bytes: databaseBytes,
    read_seconds: readSeconds,
    database_seconds: databaseSeconds,
  })
  return {
    ...readKinds(read),
    sizeBytes,
    sha256,
    documents: parts,
    withheld: kinds.flatMap((source, index) => withheldOf(source.kind, made.sources[index]?.withheld ?? [])),
  }
}
