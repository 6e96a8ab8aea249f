import { describe, expect, test } from 'vitest'

import { RefusalQuota } from './refusal-quota.ts'

const quota = { burst: 2, everyMs: 1000 }

describe('RefusalQuota', () => {
  test('records a burst, then one a pause, and counts what it leaves out', () => {
    const refusals = new RefusalQuota(10)
    const at = [0, 0, 0, 500, 1000, 1001, 2000].map((now) => refusals.take('a', quota, now))
    expect(at).toEqual([{ omitted: 0 }, { omitted: 0 }, null, null, { omitted: 2 }, null, { omitted: 1 }])
  })

  test('is full again after a long silence, and no fuller', () => {
    const refusals = new RefusalQuota(10)
    for (const now of [0, 0, 0]) refusals.take('a', quota, now)
    expect([9000, 9000, 9000].map((now) => refusals.take('a', quota, now))).toEqual([
      { omitted: 1 },
      { omitted: 0 },
      null,
    ])
  })

  test('counts each chain apart, and forgets the one refused longest ago', () => {
    const refusals = new RefusalQuota(2)
    const one = { burst: 1, everyMs: 1000 }
    expect(refusals.take('a', one, 0)).toEqual({ omitted: 0 })
    expect(refusals.take('b', one, 0)).toEqual({ omitted: 0 })
    expect(refusals.take('a', one, 0)).toBeNull()
    expect(refusals.take('c', one, 0)).toEqual({ omitted: 0 })
    expect(refusals.take('a', one, 0)).toBeNull()
    expect(refusals.take('b', one, 0)).toEqual({ omitted: 0 })
  })

  test('a clock that goes back earns nothing', () => {
    const refusals = new RefusalQuota(10)
    for (const now of [5000, 5000]) refusals.take('a', quota, now)
    expect(refusals.take('a', quota, 0)).toBeNull()
  })

  test('tells of refusals that could not be recorded with the next one that is', () => {
    const refusals = new RefusalQuota(10)
    const lost = [0, 0, 0, 1000].map((now) => refusals.take('a', quota, now)).at(-1)
    refusals.giveBack('a', (lost?.omitted ?? 0) + 1)
    expect(refusals.take('a', quota, 2000)).toEqual({ omitted: 2 })
  })
})
