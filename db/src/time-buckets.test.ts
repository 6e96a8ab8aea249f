import type { Filters } from '@stella/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { kindExtent } from './kind-extent.ts'
import { advisory, merge, sbom, type TestDocument } from './testing/evidence.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'
import { timeBuckets } from './time-buckets.ts'
import { withTenant } from './with-tenant.ts'

const tenantId = 'acme'
let database: TestDatabase

/** An advisory of `bytes` bytes, modified in that millisecond of 2025. */
function modified(key: string, millisecond: number | null, bytes: number): TestDocument {
  const at = millisecond === null ? null : new Date(Date.UTC(2025, 0, 1) + millisecond).toISOString()
  const document = advisory(key, '2025-01-01T00:00:00Z')
  return { ...document, records: [{ key, body: 'x'.repeat(bytes), modified: at }] }
}

beforeAll(async () => {
  database = await createTestDatabase()
  const documents = [
    ...Array.from({ length: 20 }, (_, index) => modified(`A-${index}`, index, 10)),
    ...Array.from({ length: 5 }, (_, index) => modified(`B-${index}`, 50, 40)),
    modified('C', null, 7),
    modified('D', null, 8),
    sbom('S', 'shop_1.0.0', 'y'.repeat(30)),
  ]
  await merge(database, { tenantId, documents })
  await merge(database, { tenantId: 'other', documents: [modified('X', 3, 999)] })
})
afterAll(() => database.close())

function bucketsOf(grainBytes: number, filters: Filters = {}) {
  const scope = { tenantId, ledgerRevision: 1, filters: { include: ['advisories' as const], ...filters } }
  return withTenant(database, tenantId, (tx) => timeBuckets(tx, { scope, grainBytes }))
}
const instantOf = (millisecond: number) => new Date(Date.UTC(2025, 0, 1) + millisecond).toISOString()

test.each([1, 25, 60, 1000])('buckets of %i bytes hold every record once, in the order of time', async (grainBytes) => {
  const buckets = await bucketsOf(grainBytes)
  const times = buckets.map(({ from }) => from)
  expect(times).toEqual([...times].sort((a, b) => (a ?? '').localeCompare(b ?? '')))
  expect(new Set(times).size).toBe(times.length)
  expect(buckets.reduce((sum, { records }) => sum + records, 0)).toBe(27)
  expect(buckets.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(20 * 10 + 5 * 40 + 15)
  expect(buckets[0]).toEqual({ from: null, records: 2, bytes: 15 })
  expect(buckets.length).toBeLessThanOrEqual(2 * Math.ceil(415 / grainBytes) + 2)
  for (const { from, records, bytes } of buckets) {
    // One that is larger than its grain is one millisecond: five records of it, or one of the others.
    if (from !== null && bytes > grainBytes) expect([1, 5]).toContain(records)
  }
})

test('a millisecond is never cut, however large', async () => {
  const last = (await bucketsOf(10)).at(-1)
  expect(last).toEqual({ from: instantOf(50), records: 5, bytes: 200 })
})

test('filters and the tenant bound what is counted', async () => {
  const filters = { time_from: instantOf(5), time_to: instantOf(8) }
  expect(await bucketsOf(1000, filters)).toEqual([{ from: instantOf(5), records: 3, bytes: 30 }])
  expect(await bucketsOf(1000, { undated: true })).toEqual([{ from: null, records: 2, bytes: 15 }])
})

test('all kinds are counted together, in the bytes of kindExtent()', async () => {
  const kinds = ['advisory', 'vex', 'sbom'] as const
  const scope = { tenantId, ledgerRevision: 1, filters: {} }
  const extents = await withTenant(database, tenantId, async (tx) => {
    const found = []
    for (const kind of kinds) found.push(await kindExtent(tx, { scope, kind, rangeRecords: 100 }))
    return found
  })
  const buckets = await bucketsOf(64, { include: ['advisories', 'vex', 'sboms'] })
  const bytes = buckets.reduce((sum, bucket) => sum + bucket.bytes, 0)
  expect(bytes).toBe(extents.reduce((sum, extent) => sum + extent.bytes, 0))
})
