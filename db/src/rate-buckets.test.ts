import { afterAll, beforeAll, expect, test } from 'vitest'

import { leaseTokens } from './rate-buckets.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'
import { withTenant } from './with-tenant.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

const lease = (bucket: string, tokens: number, wanted: number, tenantId = 'acme') =>
  withTenant(database, tenantId, (tx) =>
    leaseTokens(tx, { tenantId, bucket, quota: { tokens, windowSeconds: 3600 }, wanted }),
  )

test('a bucket begins full, and what all sessions take at once is the quota and no token more', async () => {
  const grants = await Promise.all(Array.from({ length: 60 }, () => lease('all', 100, 7)))
  expect(grants.reduce((sum, { granted }) => sum + granted, 0)).toBe(100)
  expect(await lease('all', 100, 1)).toMatchObject({ granted: 0, left: expect.closeTo(0, 0) })
  expect(await lease('all', 100, 1, 'other')).toMatchObject({ granted: 1, left: 99 })
  expect(await lease('another', 100, 500)).toMatchObject({ granted: 100, left: 0 })
})

test('a bucket fills evenly, never over its quota, and never by a clock that stands behind', async () => {
  await lease('fills', 100, 100)
  const moved = (by: string) =>
    database.owner.unsafe(`update rate_buckets set refilled_at = refilled_at - interval '${by}' where bucket = 'fills'`)
  await moved('36 seconds')
  expect(await lease('fills', 100, 100)).toMatchObject({ granted: 1 })
  await moved('10 hours')
  expect(await lease('fills', 100, 1000)).toMatchObject({ granted: 100 })
  await moved('-10 hours')
  expect(await lease('fills', 100, 1)).toMatchObject({ granted: 0 })
})

test('a smaller quota holds at once', async () => {
  await lease('shrinks', 100, 10)
  expect(await lease('shrinks', 20, 90)).toMatchObject({ granted: 20, left: 0 })
})
