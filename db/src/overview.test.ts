import { overview as contract } from '@stella/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { failRun } from './end-run.ts'
import { requestRun } from './export-runs.ts'
import { readOverview } from './overview.ts'
import { recordPlan } from './plans.ts'
import { createProfile } from './profiles.ts'
import { beginPlanning } from './run-steps.ts'
import { advisory, merge } from './testing/evidence.ts'
import { planOf, profileOf } from './testing/runs.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'
import { withTenant } from './with-tenant.ts'

const tenantId = 'acme'
let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

const read = async (tenant = tenantId) =>
  contract.parse(await withTenant(database, tenant, (tx) => readOverview(tx, { tenantId: tenant })))
const nothing = {
  succeeded: 0,
  failed: 0,
  cancelled: 0,
  failures: {},
  records: 0,
  bytes: 0,
  duration_ms: null,
  truncated: false,
}

test('readOverview() of a tenant that has nothing is all zero', async () => {
  const empty = await read()
  expect(new Set(Object.values(empty.runs))).toEqual(new Set([0]))
  expect(empty).toMatchObject({
    last_24h: nothing,
    last_7d: nothing,
    queue: { waiting: 0, oldest: null },
    ledger: { revision: 0, documents: 0 },
    sources: [],
  })
})

test('readOverview() counts runs by state and period, and what the ledger got from whom', async () => {
  const sources = ['https://b.test/feed', null, 'https://a.test/feed', 'https://b.test/feed']
  for (const [at, sourceUri] of sources.entries())
    await merge(database, { tenantId, sourceUri, documents: [advisory(`A-${at}`, '2025-01-01T00:00:00Z')] })
  const profile = await withTenant(database, tenantId, (tx) =>
    createProfile(tx, { tenantId, id: 'prof_raw', profile: profileOf(), createdBy: 'me' }),
  )
  for (let at = 0; at < 12; at++) {
    const run = { tenantId, runId: `run_${at}` }
    await withTenant(database, tenantId, async (tx) => {
      const asked = {
        id: run.runId,
        planId: `plan_${at}`,
        trigger: 'manual',
        reproduces: null,
        createdBy: 'me',
      } as const
      await requestRun(tx, { ...asked, tenantId, profile, filters: {} })
      if (at === 0) return
      await beginPlanning(tx, run)
      await recordPlan(tx, { ...run, plan: planOf(tenantId, `plan_${at}`, profile) })
      if (at <= 2) await failRun(tx, { ...run, errorClass: at === 1 ? 'internal' : 'too_large', errorMessage: 'no' })
    })
  }
  // Runs 3 to 10 succeeded, the last two of them three days ago; run 11 is being written.
  const sealed = JSON.stringify({ attempt: 'a', bundle: { sha256: '', size: 100 }, documents: {}, contentRoot: '' })
  await database.owner`update export_runs set state = 'succeeded', sealed = ${sealed}::text::json,
    started_at = coalesce(started_at, now()), finished_at = now() where id in ('run_3','run_4','run_5','run_6','run_7','run_8','run_9','run_10')`
  await database.owner.unsafe(`alter table export_runs disable trigger keep_ended;
    update export_runs set started_at = finished_at - interval '2 seconds' where state = 'succeeded';
    update export_runs set started_at = started_at - interval '3 days', finished_at = finished_at - interval '3 days'
      where id in ('run_9', 'run_10');
    alter table export_runs enable trigger keep_ended`)

  const { runs, last_24h, last_7d, queue, ledger, sources: found } = await read()
  expect(runs).toMatchObject({ queued: 1, writing: 1, succeeded: 8, failed: 2, cancelled: 0 })
  const durations = { p50: 2000, p90: 2000, p99: 2000 }
  const ended = { failed: 2, failures: { internal: 1, too_large: 1 }, duration_ms: durations, truncated: false }
  expect(last_24h).toMatchObject({ ...ended, succeeded: 6, records: 6 * 6, bytes: 600 })
  expect(last_7d).toMatchObject({ ...ended, succeeded: 8, records: 8 * 6, bytes: 800 })
  expect(queue).toEqual({ waiting: 1, oldest: expect.stringMatching(/^\d{4}-.*Z$/) })
  expect(ledger).toEqual({ revision: 4, documents: 4 })
  expect(found.map(({ source }) => source)).toEqual([
    'https://a.test/feed',
    'https://b.test/feed',
    'urn:stella:unknown',
  ])
  expect((await read('other')).runs.succeeded).toBe(0)
})
