import type { Filters } from '@stella/contracts'

/** Filters of a run: the profile's, with each field that the run names in its place; lists in byte order, times in UTC, so that equal scopes compare equal. */
export function effectiveFilters(profile: Filters | undefined, run: Filters | undefined): Filters {
  // The tenant is the caller's own, whether named or not: it narrows nothing.
  const { tenant_id: _own, ...merged } = { ...profile, ...run }
  const entries = Object.entries(merged)
    .filter((entry): entry is [string, string | true | string[]] => entry[1] !== undefined)
    .map(([name, value]) => [name, normal(value)])
  return Object.fromEntries(entries) as Filters
}

function sortedUnique(values: readonly string[]): string[] {
  return [...new Set(values)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

function normal(value: string | true | readonly string[]): string | true | string[] {
  if (value === true) return value
  return typeof value === 'string' ? new Date(value).toISOString() : sortedUnique(value)
}
