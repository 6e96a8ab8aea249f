import { type Filters, MAX_FILTER_VALUES, MAX_PARTS } from '@stella/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { cutByEcosystem, ecosystemsToCutBy } from './ecosystem-parts.ts'

const names = ['debian', 'debian:12', 'go', 'npm', 'unheard-of']
const records = fc.array(fc.uniqueArray(fc.constantFrom(...names)), { maxLength: 20 })
const filters = fc.record(
  {
    ecosystems: fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }),
    exclude_ecosystems: fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }),
  },
  { requiredKeys: [] },
)

/** What filters take of records that have these ecosystems, as the ledger reads them. */
function takes({ ecosystems, exclude_ecosystems: excluded = [] }: Filters, record: readonly string[]): boolean {
  const isWanted = ecosystems === undefined || ecosystems.some((name) => record.includes(name))
  return isWanted && !excluded.some((name) => record.includes(name))
}

/** What the ledger answers of records: each counts for the first ecosystem that it is of. */
function extentsOf(scope: readonly (readonly string[])[], asked: readonly string[]) {
  const firsts = scope.map((record) => asked.find((name) => record.includes(name)) ?? null)
  return [...asked, null].map((ecosystem) => {
    const count = firsts.filter((first) => first === ecosystem).length
    return { ecosystem, records: count, bytes: 10 * count }
  })
}

test('every record of an export is in exactly one of its parts by ecosystem, whatever its filters', () => {
  fc.assert(
    fc.property(records, filters, (ledger, asked) => {
      const scope = ledger.filter((record) => takes(asked, record))
      const whole = { filters: asked, records: scope.length, estimatedBytes: 10 * scope.length }
      const parts = cutByEcosystem(whole, extentsOf(scope, ecosystemsToCutBy(asked)))
      for (const record of ledger)
        expect(parts.filter((part) => takes(part.filters, record)).length).toBe(takes(asked, record) ? 1 : 0)
      for (const part of parts) {
        const held = scope.filter((record) => takes(part.filters, record)).length
        expect([part.records, part.estimatedBytes]).toEqual([held, 10 * held])
        expect(held).toBeGreaterThan(0)
      }
    }),
  )
})

test('a part says which ecosystem it is of, and which it leaves to others; other filters stay', () => {
  const asked = { tags: ['a'], exclude_ecosystems: ['pypi'] }
  const whole = { filters: asked, records: 3, estimatedBytes: 30 }
  const extents = ['go', 'hex', 'npm', null].map((ecosystem) => ({
    ecosystem,
    records: ecosystem === 'hex' ? 0 : 1,
    bytes: 10,
  }))
  expect(cutByEcosystem(whole, extents).map((part) => part.filters)).toEqual([
    { tags: ['a'], ecosystems: ['go'], exclude_ecosystems: ['pypi'] },
    { tags: ['a'], ecosystems: ['npm'], exclude_ecosystems: ['go', 'pypi'] },
    { tags: ['a'], exclude_ecosystems: ['go', 'npm', 'pypi'] },
  ])
})

test('more parts than MAX_PARTS, or more exclusions than a filter may have, are refused', () => {
  const extents = Array.from({ length: MAX_PARTS + 1 }, (_, n) => ({ ecosystem: `e${n}`, records: 1, bytes: 1 }))
  const whole = { filters: {}, records: extents.length, estimatedBytes: extents.length }
  expect(() => cutByEcosystem(whole, extents)).toThrow(`${MAX_PARTS + 1} parts`)
  const excluding = { ...whole, filters: { exclude_ecosystems: Array.from({ length: MAX_FILTER_VALUES }, String) } }
  expect(() => cutByEcosystem(excluding, extents.slice(0, 2))).toThrow('exclude fewer')
})
