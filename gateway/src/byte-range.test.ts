import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { byteRange } from './byte-range.ts'

describe('byteRange()', () => {
  // RFC 9110, section 14.1.2, over 10,000 bytes.
  test.each([
    ['bytes=0-499', { first: 0, last: 499 }],
    ['bytes=500-999', { first: 500, last: 999 }],
    ['bytes=-500', { first: 9500, last: 9999 }],
    ['bytes=9500-', { first: 9500, last: 9999 }],
    ['bytes=0-99999', { first: 0, last: 9999 }],
    ['bytes=-20000', { first: 0, last: 9999 }],
  ])('%s', (header, range) => expect(byteRange(header, 10_000)).toEqual(range))

  test.each([undefined, '', 'bytes=-', 'bytes=5-2', 'lines=0-1', 'bytes=0-1,3-4', 'bytes=a-b'])(
    'ignores %j',
    (header) => expect(byteRange(header, 10_000)).toBeNull(),
  )

  test.each(['bytes=10000-', 'bytes=10000-10001', 'bytes=-0'])('%s lies outside', (header) =>
    expect(() => byteRange(header, 10_000)).toThrow(expect.objectContaining({ code: 'range/unsatisfiable' })),
  )

  test('stays inside the bytes for any header', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^bytes=\d{0,4}-\d{0,4}$/), fc.integer({ min: 1, max: 5000 }), (header, size) => {
        let range = null
        try {
          range = byteRange(header, size)
        } catch (error) {
          expect(error).toMatchObject({ code: 'range/unsatisfiable' })
        }
        if (range === null) return
        expect(range.first).toBeGreaterThanOrEqual(0)
        expect(range.last).toBeGreaterThanOrEqual(range.first)
        expect(range.last).toBeLessThan(size)
      }),
    )
  })
})
