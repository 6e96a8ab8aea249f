import type { Sharding } from '@stella/contracts'
import {
  coarseParts,
  cutByEcosystem,
  cutByTime,
  type EcosystemExtent,
  ecosystemsToCutBy,
  type GroupExtent,
  grainOf,
  type PlannedPart,
  requireFewParts,
  type Scope,
  type TimeBucket,
} from '@stella/core'

import type { EcosystemQuery } from './ecosystem-extents.ts'
import type { BucketQuery } from './time-buckets.ts'

/** Where the records of a ledger lie. */
export interface Places {
  /** As `timeBuckets`. */
  times(query: BucketQuery): Promise<readonly TimeBucket[]>
  /** As `ecosystemExtents`. */
  ecosystems(query: EcosystemQuery): Promise<readonly EcosystemExtent[]>
}

/** What is cut into parts. */
export interface TooLarge {
  readonly scope: Scope
  readonly sharding: Sharding
  readonly groups: readonly GroupExtent[]
  /** Whether it holds the documents of records besides. */
  readonly withDocuments: boolean
}

/**
 * The parts of an export that is too large for one bundle. The ledger is asked for ecosystems where it is cut by them, and for times of modification only
 * where a part must be cut by them.
 * @throws `plan/too-large` where they are more than `MAX_PARTS`
 */
export async function cutParts(places: Places, tooLarge: TooLarge): Promise<readonly PlannedPart[]> {
  const { scope, sharding, withDocuments } = tooLarge
  const maxBytes = sharding.max_bytes
  const parts: PlannedPart[] = []
  for (const part of await partsBeforeTime(places, tooLarge)) {
    // Within given times there is nothing without a time; without a time there is nothing to cut by.
    if (part.estimatedBytes <= maxBytes || part.filters.undated) {
      parts.push(part)
      continue
    }
    const inPart = { ...scope, filters: part.filters }
    const buckets = await places.times({ scope: inPart, grainBytes: grainOf(maxBytes), withDocuments })
    parts.push(...cutByTime(part, buckets, maxBytes))
  }
  return requireFewParts(parts)
}

async function partsBeforeTime(
  places: Places,
  { scope, sharding, groups, withDocuments }: TooLarge,
): Promise<readonly PlannedPart[]> {
  const coarse = coarseParts(scope.filters, sharding, groups)
  const [whole] = coarse
  if (sharding.by !== 'ecosystem' || !whole) return coarse
  const names = ecosystemsToCutBy(scope.filters)
  return cutByEcosystem(whole, await places.ecosystems({ scope, names, withDocuments }))
}
