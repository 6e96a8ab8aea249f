import {
  type Filters,
  filters as filtersContract,
  includeFault,
  Problem,
  type Profile,
  trivyDatabaseOf,
} from '@stella/contracts'
import { effectiveFilters } from '@stella/core'

import { parsed } from '../middleware/parsed.ts'

/** Filters that a run of a profile takes. @throws `request/invalid` where profile and request contradict each other */
export function mergedFilters(profile: Profile | null, asked: Filters | undefined): Filters {
  const merged = parsed(
    filtersContract,
    effectiveFilters(profile?.config.filters, asked),
    'the filters of profile and run together',
  )
  if (profile === null) return merged
  const fault = includeFault(profile, merged.include)
  if (fault) throw new Problem('request/invalid', `filters.include: ${fault}`)
  const groups = trivyDatabaseOf(profile)?.groups
  return groups && !merged.include ? { ...merged, include: [...groups] } : merged
}
