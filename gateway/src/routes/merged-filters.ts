import { type Filters, filters as filtersContract, type Profile } from '@stella/contracts'
import { effectiveFilters } from '@stella/core'

import { parsed } from '../middleware/parsed.ts'

/** Filters that a run of a profile takes. @throws `request/invalid` where profile and request contradict each other */
export function mergedFilters(profile: Profile | null, asked: Filters | undefined): Filters {
  const merged = effectiveFilters(profile?.config.filters, asked)
  return parsed(filtersContract, merged, 'the filters of profile and run together')
}
