import { Problem } from '@stella/contracts'
import type { Shard } from '@stella/core'

import { withheldOf } from './withheld-of.ts'
import type { ShardTarget, WriteDeps, WrittenShard } from './write-step.ts'

/** Packs the SBOMs of a shard, byte for byte as received, into one file. One that holds a credential is withheld whole. */
export async function writeDocumentsShard(
  { evidence }: WriteDeps,
  { ranges }: Shard,
  { plan, scratch, path }: ShardTarget,
  signal: AbortSignal,
): Promise<WrittenShard> {
  const [range] = ranges
  if (!range) throw new Problem('ledger/changed', `a shard of SBOMs of plan ${plan.id} has no range`)
  const written = await evidence.writeDocuments({ plan, range, scratch, path }, signal)
  const { members: documents, sizeBytes, sha256, withheld } = written
  return {
    kind: 'sbom',
    records: documents.length,
    sizeBytes,
    sha256,
    documents,
    withheld: withheldOf('sbom', withheld),
  }
}
