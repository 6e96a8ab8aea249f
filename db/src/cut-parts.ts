import { type Filters, kindOfGroup, type RecordKind, recordGroups, type Sharding } from '@stella/contracts'
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
}

/**
 * The parts of an export that is too large for one bundle. The ledger is asked for ecosystems where it is cut by them, and for times of modification only
 * where a part must be cut by them.
 * @throws `plan/too-large` where they are more than `MAX_PARTS`
 */
export async function cutParts(places: Places, { scope, sharding, groups }: TooLarge): Promise<readonly PlannedPart[]> {
  const maxBytes = sharding.max_bytes
  const parts: PlannedPart[] = []
  for (const part of await partsBeforeTime(places, { scope, sharding, groups })) {
    // Within given times there is nothing without a time; without a time there is nothing to cut by.
    if (part.estimatedBytes <= maxBytes || part.filters.undated) {
      parts.push(part)
      continue
    }
    const query = { scope: { ...scope, filters: part.filters }, kinds: kindsOf(part.filters) }
    const buckets = await places.times({ ...query, grainBytes: grainOf(maxBytes) })
    parts.push(...cutByTime(part, buckets, maxBytes))
  }
  return requireFewParts(parts)
}

async function partsBeforeTime(places: Places, { scope, sharding, groups }: TooLarge): Promise<readonly PlannedPart[]> {
  const { filters } = scope
  const coarse = coarseParts(filters, sharding, groups)
  const [whole] = coarse
  if (sharding.by !== 'ecosystem' || !whole) return coarse
  const query = { scope, kinds: kindsOf(filters), names: ecosystemsToCutBy(filters) }
  return cutByEcosystem(whole, await places.ecosystems(query))
}

function kindsOf({ include }: Filters): RecordKind[] {
  return (include ?? recordGroups).map((group) => kindOfGroup[group])
}
