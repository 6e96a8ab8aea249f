import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { isFinal, MAX_PAGE_ROWS, type Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { old } from '../support/encryption.ts'
import { allTold } from '../support/nats.ts'
import { createProfile, filesUnder, openTenant, post, type Tenant, until } from '../support/tenant.ts'
import { killWorker, startWorker } from '../support/worker-process.ts'

const RUNS = 10
/** Runs that are killed: `files` of each remain in the store. */
const cases = [
  { of: 'JSON lines', profile: 'prof_json_raw', records: 100_000, kills: 50, files: 5 },
  { of: 'an encrypted mirror', profile: 'prof_sealed', records: 10_000, kills: 25, files: 9 },
]
/** Longest life of a worker after it is ready, in milliseconds: long enough to get into any phase of a run. */
const LONGEST_LIFE_MS = 1000

let stack: TestStack
const tenants: Tenant[] = []

beforeAll(async () => {
  stack = await startTestStack()
  for (const { records } of cases) tenants.push(await openCase(records))
  await Promise.all(stack.processes.workers.map((worker) => worker.stop()))
})
afterAll(() => stack?.stop())

function advisory(index: number): string {
  const details = Array.from({ length: 120 }, (_, word) => (index * 2_654_435_761 + word * 40_503) % 99_991).join(' ')
  return JSON.stringify({ id: `CHAOS-${index}`, modified: '2024-01-01T00:00:00Z', summary: `Number ${index}`, details })
}

async function openCase(records: number): Promise<Tenant> {
  const tenant = await openTenant(stack, `chaos-${records}`)
  await createProfile(tenant)
  const config = { encryption: { recipients: [old.recipient] } }
  const body = JSON.stringify({ name: 'sealed', kind: 'mirror', variant: 'full', config })
  expect((await tenant.api('/export/profiles', { method: 'POST', body })).status).toBe(201)
  const batch = await post(tenant, Array.from({ length: records }, (_, index) => advisory(index)).join('\n'))
  expect(batch.summary).toMatchObject({ new: records, refused: [] })
  return tenant
}

async function startRun(tenant: Tenant, profile: string): Promise<void> {
  const body = JSON.stringify({ profile_id: profile })
  expect((await tenant.api('/export/runs', { method: 'POST', body })).status).toBe(202)
}

async function runsOf(tenant: Tenant): Promise<Run[]> {
  return ((await (await tenant.api(`/export/runs?limit=${MAX_PAGE_ROWS}`)).json()) as { items: Run[] }).items
}

describe.each(cases)('$kills times kill -9 of a worker during runs of $of', ({ profile, records, kills, files }) => {
  test('leaves every run complete, with equal content, each state told once, and nothing else in the store', async () => {
    const tenant = tenants[cases.findIndex((one) => one.profile === profile)] as Tenant
    for (let run = 0; run < RUNS; run++) await startRun(tenant, profile)
    for (let kill = 0; kill < kills; ) {
      // Each kill counts that falls while a run is not done; on a fast machine that takes more runs.
      if ((await runsOf(tenant)).every(({ state }) => isFinal(state))) await startRun(tenant, profile)
      const worker = await startWorker(stack)
      await pause(Math.random() * LONGEST_LIFE_MS)
      if ((await runsOf(tenant)).some(({ state }) => !isFinal(state))) kill++
      await killWorker(worker)
      for (const { state, bundle } of await runsOf(tenant)) expect(bundle !== null).toBe(state === 'succeeded')
    }
    const survivor = await startWorker(stack)
    const runs = await until(async () => {
      const all = await runsOf(tenant)
      return all.every(({ state }) => isFinal(state)) ? all : null
    })
    expect(runs.length).toBeGreaterThanOrEqual(RUNS)
    for (const { state, error_message } of runs) expect([state, error_message]).toEqual(['succeeded', null])
    expect(new Set(runs.map(({ content_root }) => content_root)).size).toBe(1)
    expect(runs[0]?.counts?.advisories).toBe(records)
    await nothingLeft(
      runs.map(({ id }) => id),
      files,
    )
    await allTold(stack, tenant, runs)
    await killWorker(survivor)
  })
})

/** Staging is swept: what remains are these many files a run. */
async function nothingLeft(ids: readonly string[], files: number): Promise<void> {
  const store = fileURLToPath(stack.blobUrl)
  const remaining = await until(async () => {
    const paths = (await filesUnder(store)).map((path) => path.slice(store.length + 1))
    return paths.some((path) => path.startsWith('staging/')) ? null : paths
  })
  const ofRuns = remaining.filter((path) => ids.some((id) => path.includes(id)))
  expect(ofRuns.length).toBe(ids.length * files)
  expect(remaining.filter((path) => path.startsWith('uploads/'))).toEqual([])
}
