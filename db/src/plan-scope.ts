import { type Filters, kindOfGroup, RANGE_RECORDS, recordGroups, SHARD_DOCUMENTS } from '@stella/contracts'
import { cutShards, type KindExtent, type Plan, type Scope } from '@stella/core'

import { kindExtent } from './kind-extent.ts'
import { ledgerHead } from './ledger-head.ts'
import type { Transaction } from './open-database.ts'

/** All that a plan says of the ledger: a plan has a name and a profile besides. */
export type PlannedScope = Omit<Plan, 'id' | 'profile'>

/**
 * What filters take of a ledger in its newest revision, cut into shards: the decision of the plan step, and of its preview.
 * @throws `plan/too-large`
 */
export async function planScope(
  tx: Transaction,
  { tenantId, filters }: { tenantId: string; filters: Filters },
): Promise<PlannedScope> {
  const { revision, time } = await ledgerHead(tx, { tenantId })
  const scope: Scope = { tenantId, ledgerRevision: revision, filters }
  const extents: KindExtent[] = []
  const counts = { advisories: 0, vex: 0, sboms: 0 }
  for (const group of filters.include ?? recordGroups) {
    const kind = kindOfGroup[group]
    const extent = await kindExtent(tx, {
      scope,
      kind,
      rangeRecords: kind === 'sbom' ? SHARD_DOCUMENTS : RANGE_RECORDS,
    })
    extents.push(extent)
    counts[group] = extent.records
  }
  const estimatedBytes = extents.reduce((sum, extent) => sum + extent.bytes, 0)
  return { scope, ledgerTime: time, counts, estimatedBytes, shards: cutShards(extents) }
}
