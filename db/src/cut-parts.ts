import { kindOfGroup, recordGroups, type Sharding } from '@stella/contracts'
import {
  coarseParts,
  cutByTime,
  type GroupExtent,
  grainOf,
  type PlannedPart,
  requireFewParts,
  type Scope,
  type TimeBucket,
} from '@stella/core'

import type { BucketQuery } from './time-buckets.ts'

/** What is cut into parts. */
export interface TooLarge {
  readonly scope: Scope
  readonly sharding: Sharding
  readonly groups: readonly GroupExtent[]
}

/**
 * The parts of an export that is too large for one bundle. `times` asks the ledger, as `timeBuckets` does, for times of modification only where a part must be
 * cut by them.
 * @throws `plan/too-large` where they are more than `MAX_PARTS`
 */
export async function cutParts(
  times: (query: BucketQuery) => Promise<readonly TimeBucket[]>,
  { scope, sharding, groups }: TooLarge,
): Promise<readonly PlannedPart[]> {
  const maxBytes = sharding.max_bytes
  const parts: PlannedPart[] = []
  for (const part of coarseParts(scope.filters, sharding, groups)) {
    // Within given times there is nothing without a time; without a time there is nothing to cut by.
    if (part.estimatedBytes <= maxBytes || part.filters.undated) {
      parts.push(part)
      continue
    }
    const kinds = (part.filters.include ?? recordGroups).map((group) => kindOfGroup[group])
    const buckets = await times({ scope, kinds, grainBytes: grainOf(maxBytes) })
    parts.push(...cutByTime(part, buckets, maxBytes))
  }
  return requireFewParts(parts)
}
