import {
  type Filters,
  kindOfGroup,
  RANGE_RECORDS,
  recordGroups,
  SHARD_DOCUMENTS,
  type Sharding,
} from '@stella/contracts'
import { countsOf, cutShards, type GroupExtent, type KindExtent, type Plan, type Scope, wholeShard } from '@stella/core'
import { cutParts } from './cut-parts.ts'
import { type EcosystemQuery, ecosystemExtents } from './ecosystem-extents.ts'
import { kindExtent } from './kind-extent.ts'
import { ledgerHead } from './ledger-head.ts'
import type { Transaction } from './session.ts'
import { type BucketQuery, timeBuckets } from './time-buckets.ts'

/** All that a plan says of the ledger: a plan has a name and a profile besides. */
export type PlannedScope = Omit<Plan, 'id' | 'profile'>

/** What is to be planned. */
export interface ToPlan {
  readonly tenantId: string
  readonly filters: Filters
  /** When the export comes in parts; without it, never. */
  readonly sharding?: Sharding | undefined
  /** Whether one job writes all of it. */
  readonly isWhole?: boolean
  /** Whether it holds the documents of records besides. */
  readonly withDocuments?: boolean
  /** The revision to read, and its time; without it, the newest. */
  readonly at?: { readonly revision: number; readonly time: string } | undefined
}

/**
 * What filters take of a ledger, cut into shards, or where it is too large for one bundle into parts: the decision of the plan step, and
 * of its preview.
 * @throws `plan/too-large`
 */
export async function planScope(
  tx: Transaction,
  { tenantId, filters, sharding, isWhole, withDocuments = false, at }: ToPlan,
): Promise<PlannedScope> {
  const { revision, time } = at ?? (await ledgerHead(tx, { tenantId }))
  const scope: Scope = { tenantId, ledgerRevision: revision, filters }
  const extents: (KindExtent & GroupExtent)[] = []
  for (const group of filters.include ?? recordGroups) {
    const kind = kindOfGroup[group]
    const rangeRecords = kind === 'sbom' ? SHARD_DOCUMENTS : RANGE_RECORDS
    const extent = await kindExtent(tx, { scope, kind, rangeRecords, withDocuments })
    extents.push({ group, ...extent })
  }
  const estimatedBytes = extents.reduce((sum, extent) => sum + extent.bytes, 0)
  const planned = { scope, ledgerTime: time, counts: countsOf(extents), estimatedBytes }
  if (!sharding || estimatedBytes <= sharding.max_bytes)
    return { ...planned, shards: isWhole ? wholeShard(extents) : cutShards(extents) }
  const places = {
    times: (query: BucketQuery) => timeBuckets(tx, query),
    ecosystems: (query: EcosystemQuery) => ecosystemExtents(tx, query),
  }
  return { ...planned, shards: [], parts: await cutParts(places, { scope, sharding, groups: extents, withDocuments }) }
}
