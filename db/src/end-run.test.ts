import type { Profile } from '@stella/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cancelRun, failRun } from './end-run.ts'
import { expireDocuments, expireRun, recordRemoved } from './expiry.ts'
import { getRun, listRuns, openRun } from './export-runs.ts'
import { awaitsParts, listParts, partId, requestParts } from './part-runs.ts'
import { recordPlan } from './plans.ts'
import { createProfile } from './profiles.ts'
import { beginPlanning, beginSealing, sealRun } from './run-steps.ts'
import type { Transaction } from './session.ts'
import { planOf, profileOf } from './testing/runs.ts'
import { completeRun, queueRun, sealed } from './testing/sealed-run.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'
import { withTenant } from './with-tenant.ts'

const tenantId = 'acme'
const retention = { data_days: 1, documents_days: 3 }
const parts = ['a', 'b', 'c'].map((tag) => ({ filters: { tags: [tag] }, records: 1, estimatedBytes: 10 }))
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

/** A run in three parts, of which the first has succeeded. */
async function runInParts() {
  const runId = `run_${runs++}`
  const [first, second, third] = [1, 2, 3].map((part) => partId(runId, part)) as [string, string, string]
  const run = { tenantId, runId }
  await inTenant(async (tx) => {
    await queueRun(tx, run, profile)
    await beginPlanning(tx, run)
    await recordPlan(tx, { ...run, plan: { ...planOf(tenantId, `plan_${runId}`, profile, 0), parts } })
    const whole = await openRun(tx, run)
    if (whole) for (let twice = 0; twice < 2; twice++) await requestParts(tx, { run: whole, parts })
    await complete(tx, first)
  })
  return { run, first, second, third }
}

async function complete(tx: Transaction, runId: string): Promise<void> {
  const planId = (await openRun(tx, { tenantId, runId }))?.planId ?? ''
  await completeRun(tx, { tenantId, runId, planId }, { profile, retention })
}

async function statesOf({ runId }: { runId: string }): Promise<string[]> {
  return inTenant(async (tx) => {
    const whole = await openRun(tx, { tenantId, runId })
    const states = (await listParts(tx, { tenantId, runId })).map(({ state, pruned }) =>
      pruned ? `${state}, ${pruned}` : state,
    )
    return [whole?.state ?? '', ...states]
  })
}

test('parts are runs of their own, listed only with the run that they are parts of', async () => {
  const { run, first, second, third } = await runInParts()
  const shown = await inTenant((tx) => getRun(tx, run))
  expect(shown).toMatchObject({ parts: [first, second, third], part_of: null, part: null })
  expect(await inTenant((tx) => getRun(tx, { tenantId, runId: second }))).toMatchObject({
    trigger: 'part',
    part_of: run.runId,
    part: 2,
    parts: null,
    filters: { tags: ['b'] },
  })
  const all = await inTenant((tx) => listRuns(tx, { tenantId, limit: 200 }))
  expect(all.items.map(({ id }) => id)).toContain(run.runId)
  expect(all.items.map(({ part_of }) => part_of).filter((id) => id !== null)).toEqual([])
  const mine = await inTenant((tx) => listRuns(tx, { tenantId, partOf: run.runId, limit: 200 }))
  expect(mine.items.map(({ id }) => id).sort()).toEqual([first, second, third])
})

test('a run in parts is sealed once all of them are', async () => {
  const { run, second, third } = await runInParts()
  expect(await inTenant((tx) => beginSealing(tx, run))).toBe(false)
  expect(await inTenant((tx) => awaitsParts(tx, run))).toBe(true)
  await inTenant((tx) => complete(tx, second))
  expect(await inTenant((tx) => beginSealing(tx, run))).toBe(false)
  await inTenant((tx) => complete(tx, third))
  expect(await inTenant((tx) => awaitsParts(tx, run))).toBe(false)
  expect(await inTenant((tx) => beginSealing(tx, run))).toBe(true)
})

test('bytes of a part are removed no earlier than those of its run', async () => {
  const { run, first, second, third } = await runInParts()
  const part = { tenantId, runId: first }
  const late = new Date('2999-01-01')
  expect(await inTenant((tx) => expireRun(tx, { ...part, now: late }))).toBe(false)
  for (const runId of [second, third]) await inTenant((tx) => complete(tx, runId))
  await inTenant((tx) => beginSealing(tx, run))
  expect(await inTenant((tx) => sealRun(tx, { ...run, sealed, retention }))).toBe(true)

  const whole = await inTenant((tx) => openRun(tx, run))
  const [data, documents] = [whole?.expiresAt, whole?.documentsExpireAt].map((at) => Date.parse(at ?? ''))
  const at = (time: number | undefined) => ({ ...part, now: new Date(time ?? Number.NaN) })
  const before = (time: number | undefined) => at((time ?? 0) - 1)
  expect(await inTenant((tx) => expireRun(tx, before(data)))).toBe(false)
  expect(await inTenant((tx) => expireRun(tx, at(data)))).toBe(true)
  await inTenant((tx) => recordRemoved(tx, { ...part, removing: 'removing-data' }))
  const prunedOf = async () => (await inTenant((tx) => openRun(tx, part)))?.pruned
  await inTenant((tx) => expireDocuments(tx, before(documents)))
  expect(await prunedOf()).toBe('data')
  await inTenant((tx) => expireDocuments(tx, at(documents)))
  expect(await prunedOf()).toBe('removing-all')
})

test('a part that fails fails its run with its class, cancels the other parts, and what succeeded is removed', async () => {
  const { run, first, second, third } = await runInParts()
  const end = { errorClass: 'storage_full', errorMessage: 'why' }
  const ended = await inTenant((tx) => failRun(tx, { tenantId, runId: second, ...end }))
  expect(ended).toEqual([
    { runId: second, state: 'failed' },
    { runId: run.runId, state: 'failed' },
    { runId: third, state: 'cancelled' },
    { runId: first, state: 'expired' },
  ])
  expect(await statesOf(run)).toEqual(['failed', 'expired, removing-all', 'failed', 'cancelled'])
  expect(await inTenant((tx) => getRun(tx, run))).toMatchObject({
    error_class: 'storage_full',
    error_message: `its part ${second}: why`,
  })
})

test.each(['the run', 'a part'])('cancelling %s cancels all of it', async (which) => {
  const { run, second } = await runInParts()
  const runId = which === 'the run' ? run.runId : second
  expect(await inTenant((tx) => cancelRun(tx, { tenantId, runId }))).toHaveLength(4)
  expect(await statesOf(run)).toEqual(['cancelled', 'expired, removing-all', 'cancelled', 'cancelled'])
  expect(await inTenant((tx) => cancelRun(tx, run))).toEqual([])
})

test('parts that end at once end their run once', async () => {
  const { run, second, third } = await runInParts()
  const ended = await Promise.all([second, third].map((runId) => inTenant((tx) => cancelRun(tx, { tenantId, runId }))))
  expect(ended.flat().map(({ runId }) => runId)).toHaveLength(4)
  expect(await statesOf(run)).toEqual(['cancelled', 'expired, removing-all', 'cancelled', 'cancelled'])
})
