import fc from 'fast-check'
import { expect, test } from 'vitest'

import { retryDelay } from './retry-delay.ts'

test('retryDelay() doubles from the first pause to the longest', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 7, 25].map((attempt) => retryDelay(attempt, { firstMs: 250, maxMs: 15_000 }))
  expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000])
})

test('retryDelay() never shrinks nor leaves its bounds', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), (attempt) => {
      const pace = { firstMs: 250, maxMs: 15_000 }
      expect(retryDelay(attempt + 1, pace)).toBeGreaterThanOrEqual(retryDelay(attempt, pace))
      expect(retryDelay(attempt, pace)).toBeGreaterThanOrEqual(250)
      expect(retryDelay(attempt, pace)).toBeLessThanOrEqual(15_000)
    }),
  )
})
