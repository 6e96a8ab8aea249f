import { finalRunStates, type Profile, run as runShape } from '@stella/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cancelRun, failRun } from './end-run.ts'
import { getRun, listRuns, openRun, requestRun } from './export-runs.ts'
import { getPlan, recordPlan } from './plans.ts'
import { createProfile } from './profiles.ts'
import { listShards, recordShard, shardWritten } from './run-shards.ts'
import { beginPlanning, beginSealing, heartbeat, sealRun } from './run-steps.ts'
import type { Transaction } from './session.ts'
import { ingestStates, runStates, stalledIngests, stalledRuns } from './stalled-work.ts'
import { problemOf, receive } from './testing/evidence.ts'
import { planOf, profileOf, shardOutput } from './testing/runs.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'
import { withTenant } from './with-tenant.ts'

const tenantId = 'acme'
const retention = { data_days: 1, documents_days: 2 }
const sealed = {
  attempt: 'first',
  bundle: { sha256: 'ab'.repeat(32), size: 9 },
  documents: { 'export.json': { sha256: 'cd'.repeat(32), size: 3 } },
  contentRoot: 'sha256:ef',
}
let database: TestDatabase
let profile: Profile
let runs = 0

beforeAll(async () => {
  database = await createTestDatabase()
  profile = await inTenant((tx) =>
    createProfile(tx, { tenantId, id: 'prof_raw', profile: profileOf(), createdBy: 'me' }),
  )
})
afterAll(() => database.close())

const inTenant = <T>(work: (tx: Transaction) => Promise<T>) => withTenant(database, tenantId, work)

async function newRun(
  reproduces: string | null = null,
  planId?: string,
): Promise<{ tenantId: string; runId: string; planId: string }> {
  const runId = `run_${runs++}`
  const plan = planId ?? `plan_${runId}`
  const trigger = reproduces === null ? 'manual' : 'reproduce'
  await inTenant((tx) =>
    requestRun(tx, {
      tenantId,
      id: runId,
      profile,
      filters: { tags: ['a'] },
      trigger,
      reproduces,
      planId: plan,
      createdBy: 'me',
    }),
  )
  return { tenantId, runId, planId: plan }
}

/** A run whose shards are all written. */
async function writtenRun() {
  const run = await newRun()
  const plan = planOf(tenantId, run.planId, profile, 1)
  await inTenant(async (tx) => {
    await beginPlanning(tx, run)
    await recordPlan(tx, { ...run, plan })
    await recordShard(tx, { ...run, shard: 0, output: shardOutput(0) })
  })
  return { ...run, plan }
}

test('a run goes from queued to succeeded, each step twice with the same outcome', async () => {
  const run = await newRun()
  const plan = planOf(tenantId, run.planId, profile)
  const queued = await inTenant((tx) => getRun(tx, run))
  expect(runShape.parse(queued)).toMatchObject({
    state: 'queued',
    ledger_revision: null,
    shards: null,
    started_at: null,
    bundle: null,
  })
  expect(await inTenant((tx) => beginSealing(tx, run))).toBe(false)

  expect(await inTenant((tx) => beginPlanning(tx, run))).toBe(true)
  const started = await inTenant((tx) => openRun(tx, run))
  expect(await inTenant((tx) => beginPlanning(tx, run))).toBe(true)
  expect(await inTenant((tx) => openRun(tx, run))).toMatchObject({
    startedAt: started?.startedAt,
    profile,
    filters: { tags: ['a'] },
  })

  expect(await inTenant((tx) => recordPlan(tx, { ...run, plan }))).toEqual(plan)
  expect(await inTenant((tx) => recordPlan(tx, { ...run, plan: { ...plan, estimatedBytes: 1 } }))).toEqual(plan)
  expect(await inTenant((tx) => getPlan(tx, run))).toEqual(plan)
  expect(await inTenant((tx) => beginPlanning(tx, run))).toBe(false)

  expect(await inTenant((tx) => recordShard(tx, { ...run, shard: 1, output: shardOutput(1) }))).toBe(true)
  expect(await inTenant((tx) => recordShard(tx, { ...run, shard: 1, output: shardOutput(7) }))).toBe(false)
  expect(await inTenant((tx) => shardWritten(tx, { ...run, shard: 0 }))).toBe(false)
  expect(await inTenant((tx) => beginSealing(tx, run))).toBe(false)
  await inTenant((tx) => recordShard(tx, { ...run, shard: 0, output: shardOutput(0) }))
  expect(await inTenant((tx) => listShards(tx, run))).toEqual([shardOutput(0), shardOutput(1)])

  expect(await inTenant((tx) => beginSealing(tx, run))).toBe(true)
  const sealing = await inTenant((tx) => openRun(tx, run))
  expect(await inTenant((tx) => beginSealing(tx, run))).toBe(true)
  expect((await inTenant((tx) => getRun(tx, run)))?.finished_at).toBeNull()

  expect(await inTenant((tx) => sealRun(tx, { ...run, retention, sealed }))).toBe(true)
  expect(await inTenant((tx) => sealRun(tx, { ...run, retention, sealed }))).toBe(true)
  expect(
    await inTenant((tx) =>
      sealRun(tx, { ...run, retention, sealed: { ...sealed, bundle: { sha256: 'ff', size: 9 } } }),
    ),
  ).toBe(false)
  expect(runShape.parse(await inTenant((tx) => getRun(tx, run)))).toMatchObject({
    state: 'succeeded',
    ledger_revision: 0,
    counts: plan.counts,
    estimated_bytes: 1234,
    shards: { planned: 2, written: 2 },
    content_root: 'sha256:ef',
    bundle: { sha256: 'ab'.repeat(32), size: 9 },
    started_at: started?.startedAt,
    finished_at: sealing?.finishedAt,
  })
})

test('a run that ended stays as it is, for the owner of the tables too', async () => {
  for (const end of ['failed', 'cancelled', 'succeeded'] as const) {
    const run = await writtenRun()
    await inTenant(async (tx) => {
      if (end === 'failed')
        expect(await failRun(tx, { ...run, errorClass: 'internal', errorMessage: 'why' })).toEqual([
          { runId: run.runId, state: 'failed' },
        ])
      if (end === 'cancelled') expect(await cancelRun(tx, run)).toEqual([{ runId: run.runId, state: 'cancelled' }])
      if (end === 'succeeded')
        expect((await beginSealing(tx, run)) && (await sealRun(tx, { ...run, retention, sealed }))).toBe(true)
    })
    const before = await inTenant((tx) => getRun(tx, run))
    expect(before?.state).toBe(end)
    await inTenant(async (tx) => {
      expect(await beginPlanning(tx, run)).toBe(false)
      expect(await beginSealing(tx, run)).toBe(false)
      expect(await cancelRun(tx, run)).toEqual([])
      expect(await failRun(tx, { ...run, errorClass: 'x', errorMessage: 'y' })).toEqual([])
      expect(await heartbeat(tx, run)).toBe(end)
      if (end !== 'succeeded') expect(await sealRun(tx, { ...run, retention, sealed })).toBe(false)
    })
    expect(await inTenant((tx) => getRun(tx, run))).toEqual(before)
    await expect(
      database.owner`update export_runs set state = 'queued' where tenant_id = ${tenantId} and id = ${run.runId}`,
    ).rejects.toThrow('has ended')
  }
  expect(await inTenant((tx) => heartbeat(tx, { tenantId, runId: 'none' }))).toBeNull()
})

test('a reproduction takes the plan of its run', async () => {
  const original = await writtenRun()
  const again = await newRun(original.runId, original.planId)
  await inTenant((tx) => beginPlanning(tx, again))
  expect(await inTenant((tx) => recordPlan(tx, { ...again, plan: original.plan }))).toEqual(original.plan)
  expect(await inTenant((tx) => getRun(tx, again))).toMatchObject({
    state: 'writing',
    trigger: 'reproduce',
    reproduces: original.runId,
    shards: { planned: 1, written: 0 },
  })
  expect(await problemOf(newRun('run_none'))).toBe('internal')
})

test('requestRun() refuses an id that the tenant has', async () => {
  const { runId } = await newRun()
  const asked = {
    tenantId,
    id: runId,
    profile,
    filters: {},
    trigger: 'manual',
    reproduces: null,
    planId: 'p',
    createdBy: 'me',
  } as const
  expect(await problemOf(inTenant((tx) => requestRun(tx, asked)))).toBe('resource/conflict')
})

test('listRuns() pages through all runs once, the newest first, and filters', async () => {
  for (let made = 0; made < 5; made++) await newRun()
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = await inTenant((tx) => listRuns(tx, { tenantId, limit: 3, cursor }))
    seen.push(...page.items.map(({ id }) => id))
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  const all = await database.owner`select id, created_at::text from export_runs order by created_at desc, id desc`
  expect(seen).toEqual(all.map(({ id }) => id))

  const cancelled = await inTenant((tx) => listRuns(tx, { tenantId, state: 'cancelled', limit: 200 }))
  expect(cancelled.items.map(({ state }) => state)).toEqual(['cancelled'])
  expect((await inTenant((tx) => listRuns(tx, { tenantId, profileId: 'other', limit: 9 }))).items).toEqual([])
  const [first] = (await inTenant((tx) => listRuns(tx, { tenantId, limit: 1 }))).items
  const from = first?.created_at
  expect((await inTenant((tx) => listRuns(tx, { tenantId, from, limit: 9 }))).items.map(({ id }) => id)).toContain(
    first?.id,
  )
  expect(
    (await inTenant((tx) => listRuns(tx, { tenantId, to: from, limit: 200 }))).items.map(({ id }) => id),
  ).not.toContain(first?.id)
})

test.each([
  'x',
  'bnVsbA',
  Buffer.from('["2025-13-01","a"]').toString('base64url'),
  Buffer.from('["a\\u0000","b"]').toString('base64url'),
])('listRuns() refuses the cursor %s', async (cursor) => {
  expect(await problemOf(inTenant((tx) => listRuns(tx, { tenantId, limit: 1, cursor })))).toBe('request/invalid')
})

test('the sweep finds what is silent in any tenant, and no run that ended or is queued', async () => {
  const queued = await newRun()
  const run = await newRun()
  await inTenant((tx) => beginPlanning(tx, run))
  const ingestId = await receive(database, { tenantId: 'other', documents: [] })
  const soon = { olderThanMs: 60_000, after: null, limit: 200 }
  expect(await stalledRuns(database, soon)).toEqual([])
  expect(await stalledIngests(database, soon)).toEqual([])
  await database.owner`update export_runs set heartbeat_at = now() - interval '2 minutes' where state not in ${database.owner([...finalRunStates])}`
  await database.owner`update ingests set heartbeat_at = now() - interval '2 minutes'`

  const stalled = await stalledRuns(database, soon)
  expect(stalled).toContainEqual({
    tenantId,
    id: run.runId,
    state: 'planning',
    since: expect.any(String),
    silentMs: expect.closeTo(120_000, -4),
  })
  expect(stalled.map(({ id }) => id)).not.toContain(queued.runId)
  expect(stalled.filter(({ state }) => (finalRunStates as readonly string[]).includes(state))).toEqual([])
  const [first, ...others] = stalled.map(({ id }) => id)
  const [longest] = await stalledRuns(database, { ...soon, limit: 1 })
  expect(longest?.id).toBe(first)
  expect((await stalledRuns(database, { ...soon, after: longest ?? null })).map(({ id }) => id)).toEqual(others)
  expect(await stalledIngests(database, soon)).toEqual([
    { tenantId: 'other', id: ingestId, since: expect.any(String), silentMs: expect.closeTo(120_000, -4) },
  ])
  expect(await ingestStates(database, [ingestId, 'ing_none'])).toEqual([
    { tenantId: 'other', id: ingestId, state: 'received' },
  ])
  expect(await ingestStates(database, [])).toEqual([])
  expect(await inTenant((tx) => heartbeat(tx, run))).toBe('planning')
  expect((await stalledRuns(database, soon)).map(({ id }) => id)).not.toContain(run.runId)
  expect(await runStates(database, [run.runId, 'run_none'])).toEqual([{ tenantId, id: run.runId, state: 'planning' }])
  expect(await runStates(database, [])).toEqual([])
})
