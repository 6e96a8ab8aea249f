import { type Filters, filters as filtersContract, Problem, type Profile } from '@stella/contracts'
import { effectiveFilters } from '@stella/core'

import { parsed } from '../middleware/parsed.ts'

/** Filters that a run of a profile takes. @throws `request/invalid` where profile and request contradict each other */
export function mergedFilters(profile: Profile | null, asked: Filters | undefined): Filters {
  const merged = parsed(
    filtersContract,
    effectiveFilters(profile?.config.filters, asked),
    'the filters of profile and run together',
  )
  if (profile?.kind !== 'trivy') return merged
  if (merged.include?.some((group) => group !== 'advisories'))
    throw new Problem('request/invalid', 'filters.include: a Trivy database holds advisories alone')
  return { ...merged, include: ['advisories'] }
}
