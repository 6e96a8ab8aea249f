import { describe, expect, test } from 'vitest'

import { effectiveFilters } from './effective-filters.ts'

describe('effectiveFilters()', () => {
  test("takes the run's field in place of the profile's, and keeps the others", () => {
    const filters = effectiveFilters({ ecosystems: ['npm'], tags: ['v1'] }, { ecosystems: ['pypi'] })
    expect(filters).toEqual({ ecosystems: ['pypi'], tags: ['v1'] })
  })

  test('gives equal scopes equal filters: lists sorted and without doubles, times in UTC, the own tenant left out', () => {
    const filters = effectiveFilters(undefined, {
      tenant_id: 'acme',
      time_from: '2025-01-01T02:00:00+02:00',
      include: ['vex', 'advisories', 'vex'],
    })
    expect(filters).toEqual({ time_from: '2025-01-01T00:00:00.000Z', include: ['advisories', 'vex'] })
  })
})
