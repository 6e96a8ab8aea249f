import type { Profile } from '@stella/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  expireDocuments,
  expireRun,
  type PrunableRun,
  type PruneCursor,
  prunableRuns,
  recordRemoved,
} from './expiry.ts'
import { getRun, openRun, type RunId } from './export-runs.ts'
import { createProfile } from './profiles.ts'
import type { Transaction } from './session.ts'
import { profileOf } from './testing/runs.ts'
import { completeRun, queueRun, sealed } from './testing/sealed-run.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'
import { withTenant } from './with-tenant.ts'

const DAY_MS = 24 * 3600 * 1000
const retention = { data_days: 1, documents_days: 3 }
let database: TestDatabase
let runs = 0

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

/** A run of a new tenant that succeeded, and the moment it finished. */
async function succeededRun(): Promise<{ run: RunId; finishedAt: number }> {
  const tenantId = `tenant-${runs++}`
  const run = { tenantId, runId: `run_${tenantId}` }
  const row = await withTenant(database, tenantId, async (tx) => {
    const made = await createProfile(tx, { tenantId, id: 'prof_raw', profile: profileOf(), createdBy: 'me' })
    await queueRun(tx, run, made satisfies Profile)
    await completeRun(tx, { ...run, planId: `plan_${run.runId}` }, { profile: made, retention })
    return openRun(tx, run)
  })
  return { run, finishedAt: Date.parse(row?.finishedAt ?? '') }
}

const inTenantOf = <T>({ tenantId }: RunId, work: (tx: Transaction) => Promise<T>) =>
  withTenant(database, tenantId, work)
const dueAt = async (now: Date) =>
  (await prunableRuns(database, { now, after: null, limit: 100 })).map(({ runId }) => runId)

test('a run that succeeded says when its bundle and when its documents are removed', async () => {
  const { run, finishedAt } = await succeededRun()
  expect(await inTenantOf(run, (tx) => getRun(tx, run))).toMatchObject({
    expires_at: new Date(finishedAt + DAY_MS).toISOString(),
    documents_expire_at: new Date(finishedAt + 3 * DAY_MS).toISOString(),
    bundle: sealed.bundle,
  })
})

test('a run goes through its removal once, forward, and nothing else of it changes', async () => {
  const { run, finishedAt } = await succeededRun()
  const before = await inTenantOf(run, (tx) => openRun(tx, run))
  const early = new Date(finishedAt + DAY_MS - 1)
  const [data, documents] = [new Date(finishedAt + DAY_MS), new Date(finishedAt + 3 * DAY_MS)]
  const pruned = async () => (await inTenantOf(run, (tx) => openRun(tx, run)))?.pruned

  expect(await dueAt(early)).not.toContain(run.runId)
  expect(await inTenantOf(run, (tx) => expireRun(tx, { ...run, now: early }))).toBe(false)
  expect(await dueAt(data)).toContain(run.runId)
  expect(await inTenantOf(run, (tx) => expireRun(tx, { ...run, now: data }))).toBe(true)
  expect(await inTenantOf(run, (tx) => expireRun(tx, { ...run, now: data }))).toBe(false)
  expect(await pruned()).toBe('removing-data')
  expect(await inTenantOf(run, (tx) => getRun(tx, run))).toMatchObject({ state: 'expired', bundle: null })

  // Whoever died while bytes were going left it to the next, whatever the time.
  expect(await dueAt(early)).toContain(run.runId)
  await inTenantOf(run, (tx) => recordRemoved(tx, { ...run, removing: 'removing-data' }))
  expect(await pruned()).toBe('data')
  expect(await dueAt(data)).not.toContain(run.runId)

  await inTenantOf(run, (tx) => expireDocuments(tx, { ...run, now: data }))
  expect(await pruned()).toBe('data')
  expect(await dueAt(documents)).toContain(run.runId)
  await inTenantOf(run, (tx) => expireDocuments(tx, { ...run, now: documents }))
  expect(await pruned()).toBe('removing-all')
  await inTenantOf(run, (tx) => recordRemoved(tx, { ...run, removing: 'removing-data' }))
  expect(await pruned()).toBe('removing-all')
  await inTenantOf(run, (tx) => recordRemoved(tx, { ...run, removing: 'removing-all' }))
  expect(await dueAt(documents)).not.toContain(run.runId)
  expect(await inTenantOf(run, (tx) => openRun(tx, run))).toEqual({ ...before, state: 'expired', pruned: 'all' })
})

test('runs due are answered oldest first, no more than asked for, and page by page', async () => {
  const [first, second] = [await succeededRun(), await succeededRun()]
  const now = new Date(second.finishedAt + DAY_MS)
  const due = await prunableRuns(database, { now, after: null, limit: 100 })
  const ids = due.map(({ runId }) => runId)
  expect(ids.indexOf(first.run.runId)).toBeLessThan(ids.indexOf(second.run.runId))

  const paged: string[] = []
  for (let after: PruneCursor | null = null; ; ) {
    const [next, ...more]: PrunableRun[] = await prunableRuns(database, { now, after, limit: 1 })
    expect(more).toEqual([])
    if (!next) break
    paged.push(next.runId)
    after = next
  }
  expect(paged).toEqual(ids)
})

test.each([
  ["state = 'expired'", 'has ended'],
  ["state = 'expired', pruned = 'data'", 'has ended'],
  ["state = 'expired', pruned = 'removing-data', error_message = 'x'", 'has ended'],
  ["state = 'expired', pruned = 'removing-data', sealed = '{}'", 'has ended'],
  [
    "expires_at = expires_at + interval '1 day', documents_expire_at = documents_expire_at + interval '1 day'",
    'has ended',
  ],
  ["state = 'succeeded'", 'has ended'],
])('of a run that succeeded nobody can set %s', async (change, message) => {
  const { run } = await succeededRun()
  const changed = database.owner.unsafe(`update export_runs set ${change} where id = '${run.runId}'`)
  await expect(changed).rejects.toThrow(message)
})

test('a run that was pruned does not come back', async () => {
  const { run, finishedAt } = await succeededRun()
  await inTenantOf(run, (tx) => expireRun(tx, { ...run, now: new Date(finishedAt + DAY_MS) }))
  for (const change of [
    "state = 'succeeded', pruned = null",
    "pruned = 'removing-data'",
    "pruned = 'all'",
    'pruned = null',
  ]) {
    const changed = database.owner.unsafe(`update export_runs set ${change} where id = '${run.runId}'`)
    await expect(changed, change).rejects.toThrow('has ended')
  }
})

test('a run that did not succeed does not expire', async () => {
  const { run } = await succeededRun()
  const { tenantId } = run
  const queued = { tenantId, runId: 'run_queued' }
  await withTenant(database, tenantId, async (tx) => {
    const made = await createProfile(tx, { tenantId, id: 'prof_b', profile: profileOf('b'), createdBy: 'me' })
    await queueRun(tx, queued, made)
    expect(await expireRun(tx, { ...queued, now: new Date('9000-01-01T00:00:00Z') })).toBe(false)
  })
  const changed = database.owner`update export_runs set state = 'expired', pruned = 'removing-data' where id = 'run_queued'`
  await expect(changed).rejects.toThrow('cannot expire')
})
