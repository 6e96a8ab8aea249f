import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { cancelRun } from './end-run.ts'
import { claimEvents, removeEvents, tenantsWithEvents } from './event-outbox.ts'
import { createProfile, getProfile } from './profiles.ts'
import { heartbeat } from './run-steps.ts'
import { endVerification, requestVerification } from './run-verifications.ts'
import { problemOf } from './testing/evidence.ts'
import { profileOf } from './testing/runs.ts'
import { completeRun, queueRun } from './testing/sealed-run.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'
import { withTenant } from './with-tenant.ts'

const retention = { data_days: 30, documents_days: 400 }
const limits = { limit: 100, holdMs: 30_000 }
let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

async function queue(tenantId: string, runId: string): Promise<void> {
  await withTenant(database, tenantId, async (tx) => {
    const profile =
      (await getProfile(tx, { tenantId, id: 'prof_raw' })) ??
      (await createProfile(tx, { tenantId, id: 'prof_raw', profile: profileOf(), createdBy: 'tester' }))
    await queueRun(tx, { tenantId, runId }, profile)
  })
}

const waiting = (tenantId: string) => withTenant(database, tenantId, (tx) => claimEvents(tx, { tenantId, ...limits }))

async function told(tenantId: string): Promise<string[]> {
  return (await waiting(tenantId)).map(({ runId, state, verificationId, ok }) =>
    [runId, state ?? verificationId, ...(ok === null ? [] : [ok])].join(' '),
  )
}

describe('a change of state', () => {
  test('is recorded once, in its order, with the time of the change, whoever makes it; a sign of life is none', async () => {
    const tenantId = 'states'
    await queue(tenantId, 'run_1')
    await queue(tenantId, 'run_2')
    await withTenant(database, tenantId, async (tx) => {
      const profile = await getProfile(tx, { tenantId, id: 'prof_raw' })
      if (!profile) throw new Error('the profile is gone')
      await heartbeat(tx, { tenantId, runId: 'run_1' })
      await completeRun(tx, { tenantId, runId: 'run_1', planId: 'plan_run_1' }, { profile, retention })
      await cancelRun(tx, { tenantId, runId: 'run_2' })
      await cancelRun(tx, { tenantId, runId: 'run_2' })
    })
    const states = ['queued', 'planning', 'writing', 'sealing', 'succeeded'].map((state) => `run_1 ${state}`)
    expect(await told(tenantId)).toEqual([states[0], 'run_2 queued', ...states.slice(1), 'run_2 cancelled'])
    const [run] =
      await database.owner`select finished_at from export_runs where tenant_id = ${tenantId} and id = 'run_2'`
    const { recordedAt } = (await waiting(tenantId)).at(-1) ?? { recordedAt: '' }
    expect(Math.abs(Date.parse(recordedAt) - Date.parse(run?.finished_at))).toBeLessThan(1000)
  })

  test('that is rolled back leaves no event', async () => {
    await queue('undone', 'run_1')
    const undone = withTenant(database, 'undone', async (tx) => {
      await cancelRun(tx, { tenantId: 'undone', runId: 'run_1' })
      throw new RangeError('not now')
    })
    await expect(undone).rejects.toThrow('not now')
    expect(await told('undone')).toEqual(['run_1 queued'])
  })

  test('a verdict is recorded, a verification that failed is not', async () => {
    const tenantId = 'verdicts'
    await queue(tenantId, 'run_1')
    await withTenant(database, tenantId, async (tx) => {
      for (const id of ['ver_1', 'ver_2', 'ver_3']) {
        await requestVerification(tx, { tenantId, id, runId: 'run_1', createdBy: 'tester' })
        const verdict = { ok: id === 'ver_1', key_id: null, content_root: null, faults: [] }
        const failed = { state: 'failed', errorClass: 'internal', errorMessage: 'no' } as const
        await endVerification(tx, { tenantId, id }, id === 'ver_2' ? failed : { state: 'completed', verdict })
      }
    })
    expect(await told(tenantId)).toEqual(['run_1 queued', 'run_1 ver_1 true', 'run_1 ver_3 false'])
  })
})

describe('claimEvents()', () => {
  test('gives a tenant to one publisher at a time, who takes off what it published and nothing else', async () => {
    const tenantId = 'claimed'
    await queue(tenantId, 'run_1')
    await queue(tenantId, 'run_2')
    await withTenant(database, tenantId, async (tx) => {
      const [first, ...others] = await claimEvents(tx, { tenantId, limit: 1, holdMs: 30_000 })
      expect([first?.runId, others.length]).toEqual(['run_1', 0])
      expect(await told(tenantId)).toEqual([])
      await queue(tenantId, 'run_3')
      if (first) await removeEvents(tx, [first])
    })
    expect(await told(tenantId)).toEqual(['run_2 queued', 'run_3 queued'])
  })

  test('ends the transaction of a publisher that hangs: nothing was taken off, and the next one goes on', async () => {
    const tenantId = 'hangs'
    await queue(tenantId, 'run_1')
    const hanging = withTenant(database, tenantId, async (tx) => {
      const events = await claimEvents(tx, { tenantId, limit: 10, holdMs: 50 })
      for (let freed: string[] = []; freed.length === 0; ) freed = await told(tenantId)
      await removeEvents(tx, events)
    })
    expect(await problemOf(hanging)).toBe('db/unavailable')
    expect(await told(tenantId)).toEqual(['run_1 queued'])
  })
})

test('removeEvents() takes nothing of another tenant off', async () => {
  await queue('mine', 'run_1')
  const mine = await waiting('mine')
  await withTenant(database, 'theirs', (tx) => removeEvents(tx, mine))
  expect(await told('mine')).toEqual(['run_1 queued'])
})

test('tenantsWithEvents() names each tenant once, in order, at most so many', async () => {
  await database.owner`truncate event_outbox`
  expect(await tenantsWithEvents(database, 10)).toEqual([])
  for (const tenantId of ['b', 'a', 'c']) for (const run of ['run_a', 'run_b']) await queue(tenantId, run)
  expect(await tenantsWithEvents(database, 10)).toEqual(['a', 'b', 'c'])
  expect(await tenantsWithEvents(database, 2)).toEqual(['a', 'b'])
})
