import { type GrantedTokens, leaseTokens, migrate, openDatabase, withTenant } from '@stella/db'
import { describe, expect, inject, test } from 'vitest'

import { rateLimitHeaders } from './rate-limit-headers.ts'
import { type LeaseRules, type Quota, TokenLeases } from './token-leases.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgresOwnerUrl: string
  }
}

const quota = (tokens: number, tenantId = 'acme'): Quota => ({
  name: 'tenant',
  tenantId,
  bucket: 'requests',
  tokens,
  windowSeconds: 60,
})

/** A bucket without refill, and a clock that the test moves. */
function bucketOf(tokens: number, rules: Partial<LeaseRules> = {}) {
  const state = { tokens, leases: 0, nowMs: 0 }
  const leases = new TokenLeases({
    lease: async ({ wanted }) => {
      state.leases++
      const granted = Math.min(state.tokens, wanted)
      state.tokens -= granted
      return { granted, left: state.tokens }
    },
    leaseMs: 1000,
    waitMs: 60_000,
    parts: 20,
    maxLeases: 3,
    clockMs: () => state.nowMs,
    ...rules,
  })
  return { state, leases }
}

describe('TokenLeases', () => {
  test('asks for blocks that double under load, so that most requests ask for nothing', async () => {
    const { state, leases } = bucketOf(100_000)
    for (let request = 0; request < 10_000; request++) expect((await leases.take(quota(100_000))).allowed).toBe(true)
    expect(state.leases).toBeLessThan(20)
  })

  test('refuses without asking until there can be a token, and says when', async () => {
    const { state, leases } = bucketOf(2)
    const taken = await Promise.all([1, 2, 3, 4].map(() => leases.take(quota(2))))
    expect(taken.map(({ allowed }) => allowed)).toEqual([true, true, false, false])
    const asked = state.leases
    const refused = await leases.take(quota(2))
    expect([refused.allowed, refused.remaining, refused.resetSeconds]).toEqual([false, 0, 30])
    expect(state.leases).toBe(asked)
    expect(rateLimitHeaders([refused])).toEqual({
      'ratelimit-policy': '"tenant";q=2;w=60',
      ratelimit: '"tenant";r=0;t=30',
      'retry-after': '30',
    })
    state.nowMs = 30_001
    state.tokens = 1
    expect((await leases.take(quota(2))).allowed).toBe(true)
  })

  test('asks again at once where the quota was raised', async () => {
    const { state, leases } = bucketOf(1)
    expect((await leases.take(quota(1))).allowed).toBe(true)
    expect((await leases.take(quota(1))).allowed).toBe(false)
    state.tokens = 10
    expect((await leases.take(quota(100))).allowed).toBe(true)
  })

  test('a request waits for a lease that does not come no longer than it must, and the one that came late serves the next', async () => {
    let arrive: (granted: GrantedTokens) => void = () => undefined
    const late = new Promise<GrantedTokens>((resolve) => {
      arrive = resolve
    })
    let asked = 0
    const lease = () => {
      asked++
      return late
    }
    const { leases } = bucketOf(0, { waitMs: 20, lease })
    const waited = await Promise.allSettled([leases.take(quota(10)), leases.take(quota(10))])
    expect(waited).toMatchObject([{ reason: { code: 'db/unavailable' } }, { reason: { code: 'db/unavailable' } }])
    arrive({ granted: 1, left: 5 })
    expect((await leases.take(quota(10))).allowed).toBe(true)
    expect(asked).toBe(1)
  })

  test('does not use what it holds for longer than a lease lives', async () => {
    const { state, leases } = bucketOf(1000)
    for (let request = 0; request < 40; request++) await leases.take(quota(1000))
    const asked = state.leases
    state.nowMs = 1000
    await leases.take(quota(1000))
    expect(state.leases).toBe(asked + 1)
  })

  test('keeps a bounded number of quotas in mind', async () => {
    const { leases } = bucketOf(1000)
    for (let tenant = 0; tenant < 100; tenant++) await leases.take(quota(1000, `t${tenant}`))
    expect(leases.size).toBe(3)
  })

  test('gateways that share a database allow the quota together, and no request more', async () => {
    const database = openDatabase(await migrate(inject('postgresOwnerUrl')), { max: 4 })
    const gateways = Array.from(
      { length: 4 },
      () =>
        new TokenLeases({
          lease: (lease) => withTenant(database, lease.tenantId, (tx) => leaseTokens(tx, lease)),
          leaseMs: 60_000,
          waitMs: 60_000,
          parts: 20,
          maxLeases: 10,
          clockMs: () => performance.now(),
        }),
    )
    const slow: Quota = { ...quota(1000, `t${process.pid}`), windowSeconds: 36_000 }
    // More to each gateway than the whole quota: one that is quicker than the others has a request for every token that it leased.
    const taken = await Promise.all(Array.from({ length: 6000 }, (_, at) => gateways[at % 4]?.take(slow)))
    expect(taken.filter((one) => one?.allowed)).toHaveLength(1000)
    await database.close()
  })
})
