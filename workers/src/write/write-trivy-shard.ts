import { trivyConfig } from '@stella/contracts'
import { NOT_DOWNLOADED, type Shard, trivyMetadata } from '@stella/core'

import type { ShardTarget, WriteDeps, WrittenShard } from './write-step.ts'

/** Builds the Trivy database of all ranges, with the list of what has no place in it. The native module maps, sorts, writes and checks. */
export async function writeTrivyShard(
  { evidence, mappings, readers, log }: WriteDeps,
  { ranges }: Shard,
  { plan, scratch, path }: ShardTarget,
  signal: AbortSignal,
): Promise<WrittenShard> {
  const config = trivyConfig.parse(plan.profile.config.trivy ?? {})
  const times = { updatedAt: plan.ledgerTime, validityDays: config.validity_days }
  const oci = { metadata: trivyMetadata({ ...times, downloadedAt: NOT_DOWNLOADED }), created: plan.ledgerTime }
  const options = { metadata: trivyMetadata(times), allowEmpty: config.allow_empty, oci: config.oci ? oci : null }
  const work = { plan, ranges, mapping: mappings.advisory, readers, scratch, path, ...options }
  const made = await evidence.writeTrivy(work, signal)
  const { records, written, omitted, parts, sizeBytes, sha256, withheld } = made
  const { databaseBytes, readSeconds, databaseSeconds } = made
  log({
    message: 'a Trivy database was built',
    plan: plan.id,
    advisories: records,
    written,
    omitted,
    database_bytes: databaseBytes,
    read_seconds: readSeconds,
    database_seconds: databaseSeconds,
  })
  return {
    kind: 'advisory',
    records,
    sizeBytes,
    sha256,
    documents: parts,
    withheld: withheld.map(({ recordKey, detector, pointer, action }) => ({
      kind: 'advisory',
      record: recordKey,
      detector,
      pointer,
      action,
    })),
  }
}
