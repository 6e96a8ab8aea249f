import { type Filters, kindOfGroup, MAX_PARTS, type RecordGroup, recordGroups, type Sharding } from '@stella/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { coarseParts, cutByTime, type PlannedPart, requireFewParts, type TimeBucket } from './parts.ts'

/** A record of a ledger: its group, its time of modification in milliseconds, null for none, and its bytes. */
interface Item {
  readonly group: RecordGroup
  readonly time: number | null
  readonly bytes: number
}

const items = fc.array(
  fc.record({
    group: fc.constantFrom(...recordGroups),
    time: fc.option(fc.integer({ min: 0, max: 40 }), { nil: null }),
    bytes: fc.integer({ min: 0, max: 60 }),
  }),
  { maxLength: 60 },
)
const shardings = fc.record({ max_bytes: fc.integer({ min: 40, max: 400 }), by: fc.constantFrom('kind', 'time') })
const instantOf = (time: number) => new Date(Date.UTC(2025, 0, 1) + time).toISOString()

/** What the filters of a part take, as the ledger reads them. */
function taken({ time_from: from, time_to: to, undated, include }: Filters, { group, time }: Item): boolean {
  if (include && !include.includes(group)) return false
  if (time === null) return from === undefined && to === undefined
  const at = instantOf(time)
  return !undated && (from === undefined || at >= from) && (to === undefined || at < to)
}

/** The buckets of some records, each of one millisecond: as fine as they come. */
function bucketsOf(records: readonly Item[]): TimeBucket[] {
  const times = [...new Set(records.map(({ time }) => time))].sort((a, b) => (a ?? -1) - (b ?? -1))
  return times.map((time) => {
    const same = records.filter((record) => record.time === time)
    return { from: time === null ? null : instantOf(time), records: same.length, bytes: bytesOf(same) }
  })
}

function bytesOf(records: readonly Item[]): number {
  return records.reduce((sum, { bytes }) => sum + bytes, 0)
}

function partsOf(filters: Filters, sharding: Sharding, ledger: readonly Item[]): PlannedPart[] {
  const scope = ledger.filter((item) => taken(filters, item))
  const groups = recordGroups.map((group) => {
    const own = scope.filter((item) => item.group === group)
    return { group, kind: kindOfGroup[group], records: own.length, bytes: bytesOf(own) }
  })
  return coarseParts(filters, sharding, groups).flatMap((part) =>
    part.estimatedBytes <= sharding.max_bytes
      ? [part]
      : cutByTime(part, bucketsOf(scope.filter((item) => taken(part.filters, item))), sharding.max_bytes),
  )
}

test('every record of an export is in exactly one of its parts, whatever its filters', () => {
  const windows = fc.record(
    {
      time_from: fc.integer({ min: 0, max: 20 }).map(instantOf),
      time_to: fc.integer({ min: 21, max: 41 }).map(instantOf),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(items, shardings, windows, (ledger, sharding, filters) => {
      const parts = partsOf(filters, sharding, ledger)
      for (const item of ledger) {
        const holders = parts.filter((part) => taken(part.filters, item))
        expect(holders.length).toBe(taken(filters, item) ? 1 : 0)
      }
      for (const part of parts) {
        const held = ledger.filter((item) => taken(filters, item) && taken(part.filters, item))
        expect([part.records, part.estimatedBytes]).toEqual([held.length, bytesOf(held)])
      }
    }),
  )
})

test('a part is larger than max_bytes only where it is one millisecond, or has no time', () => {
  fc.assert(
    fc.property(items, shardings, (ledger, sharding) => {
      for (const { filters, estimatedBytes } of partsOf({}, sharding, ledger)) {
        const held = ledger.filter((item) => taken(filters, item))
        if (estimatedBytes > sharding.max_bytes) expect(new Set(held.map(({ time }) => time)).size).toBe(1)
      }
    }),
  )
})

test('a window ends only where the next bucket would pass max_bytes', () => {
  const bucket = (time: number, bytes: number) => ({ from: instantOf(time), records: 1, bytes })
  const part = { filters: { tags: ['a'] }, records: 4, estimatedBytes: 100 }
  const parts = cutByTime(part, [bucket(1, 30), bucket(2, 30), bucket(3, 1), bucket(4, 39)], 60)
  expect(parts).toEqual([
    { filters: { tags: ['a'], time_to: instantOf(3) }, records: 2, estimatedBytes: 60 },
    { filters: { tags: ['a'], time_from: instantOf(3) }, records: 2, estimatedBytes: 40 },
  ])
})

test('records without a time are the first part; a single window beside them is bounded', () => {
  const part = { filters: {}, records: 3, estimatedBytes: 30 }
  const buckets = [
    { from: null, records: 2, bytes: 20 },
    { from: instantOf(5), records: 1, bytes: 10 },
  ]
  expect(cutByTime(part, buckets, 15)).toEqual([
    { filters: { undated: true }, records: 2, estimatedBytes: 20 },
    { filters: { time_from: instantOf(5) }, records: 1, estimatedBytes: 10 },
  ])
})

test('more parts than MAX_PARTS are refused, before and after the cut', () => {
  const groups = [{ group: 'vex', records: 1, bytes: 1000 * MAX_PARTS + 1 }] as const
  expect(() => coarseParts({}, { max_bytes: 1000, by: 'kind' }, groups)).toThrow('raise max_bytes')
  const part = { filters: {}, records: 1, estimatedBytes: 1 }
  expect(() => requireFewParts(Array.from({ length: MAX_PARTS + 1 }, () => part))).toThrow(`${MAX_PARTS + 1} parts`)
  expect(requireFewParts([part])).toEqual([part])
})
