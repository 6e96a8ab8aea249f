import { afterAll, beforeAll, expect, test } from 'vitest'

import { cancelRun } from './end-run.ts'
import { expireDocuments, expireRun, recordRemoved } from './expiry.ts'
import { createProfile } from './profiles.ts'
import { strayAttempts } from './stray-attempts.ts'
import { profileOf } from './testing/runs.ts'
import { completeRun, queueRun, sealed } from './testing/sealed-run.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'
import { withTenant } from './with-tenant.ts'

const tenantId = 'strays'
const retention = { data_days: 30, documents_days: 400 }
let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

test('strayAttempts() names attempts of ended runs that no row names, and those whose run has had all removed', async () => {
  await withTenant(database, tenantId, async (tx) => {
    const profile = await createProfile(tx, { tenantId, id: 'prof_raw', profile: profileOf(), createdBy: 'tester' })
    for (const runId of ['cancelled', 'kept', 'pruned', 'queued']) await queueRun(tx, { tenantId, runId }, profile)
    await cancelRun(tx, { tenantId, runId: 'cancelled' })
    for (const runId of ['kept', 'pruned']) {
      await completeRun(tx, { tenantId, runId, planId: `plan_${runId}` }, { profile, retention })
    }
  })
  const pruned = { tenantId, runId: 'pruned', now: new Date('2999-01-01T00:00:00Z') }
  await withTenant(database, tenantId, async (tx) => {
    await expireRun(tx, pruned)
    await recordRemoved(tx, { ...pruned, removing: 'removing-data' })
    await expireDocuments(tx, pruned)
    await recordRemoved(tx, { ...pruned, removing: 'removing-all' })
  })
  const attempts = ['cancelled', 'kept', 'pruned', 'queued', 'none'].flatMap((runId) =>
    [sealed.attempt, 'second'].map((attempt) => ({ runId, attempt })),
  )
  const strays = (of: string) => withTenant(database, of, (tx) => strayAttempts(tx, of, attempts))
  expect((await strays(tenantId)).map(({ runId, attempt }) => `${runId}/${attempt}`)).toEqual([
    `cancelled/${sealed.attempt}`,
    'cancelled/second',
    'kept/second',
    `pruned/${sealed.attempt}`,
    'pruned/second',
  ])
  expect(await strays('another')).toEqual([])
})
