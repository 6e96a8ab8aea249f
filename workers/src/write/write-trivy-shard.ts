import { trivyConfig } from '@stella/contracts'
import { type Shard, trivyMetadata } from '@stella/core'

import type { ShardTarget, WriteDeps, WrittenShard } from './write-step.ts'

/** Builds the Trivy database of all ranges, with the list of what has no place in it. The native module maps, sorts, writes and checks. */
export async function writeTrivyShard(
  { evidence, mappings, readers, log }: WriteDeps,
  { ranges }: Shard,
  { plan, scratch, path }: ShardTarget,
  signal: AbortSignal,
): Promise<WrittenShard> {
  const { validity_days, allow_empty } = trivyConfig.parse(plan.profile.config.trivy ?? {})
  const metadata = trivyMetadata({ updatedAt: plan.ledgerTime, validityDays: validity_days })
  const work = { plan, ranges, mapping: mappings.advisory, readers, scratch, path, metadata, allowEmpty: allow_empty }
  const { records, written, omitted, parts, sizeBytes, sha256, withheld } = await evidence.writeTrivy(work, signal)
  log({ message: 'a Trivy database was built', plan: plan.id, advisories: records, written, omitted })
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
