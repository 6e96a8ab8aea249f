import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { isFinal, MAX_PAGE_ROWS, type Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { allTold } from '../support/nats.ts'
import { createProfile, filesUnder, openTenant, post, type Tenant, until } from '../support/tenant.ts'
import { killWorker, startWorker } from '../support/worker-process.ts'

const RECORDS = 100_000
const RUNS = 10
const KILLS = 50
/** Longest life of a worker after it is ready, in milliseconds: long enough to get into any phase of a run. */
const LONGEST_LIFE_MS = 1000

let stack: TestStack
let tenant: Tenant

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'chaos')
  await createProfile(tenant)
  const lines = Array.from({ length: RECORDS }, (_, index) => advisory(index))
  const batch = await post(tenant, lines.join('\n'))
  expect(batch.summary).toMatchObject({ new: RECORDS, refused: [] })
  await Promise.all(stack.processes.workers.map((worker) => worker.stop()))
})
afterAll(() => stack?.stop())

function advisory(index: number): string {
  const details = Array.from({ length: 120 }, (_, word) => (index * 2_654_435_761 + word * 40_503) % 99_991).join(' ')
  return JSON.stringify({ id: `CHAOS-${index}`, modified: '2024-01-01T00:00:00Z', summary: `Number ${index}`, details })
}

async function startRun(): Promise<void> {
  const body = JSON.stringify({ profile_id: 'prof_json_raw' })
  expect((await tenant.api('/export/runs', { method: 'POST', body })).status).toBe(202)
}

async function runsNow(): Promise<Run[]> {
  return ((await (await tenant.api(`/export/runs?limit=${MAX_PAGE_ROWS}`)).json()) as { items: Run[] }).items
}

describe(`${KILLS} times kill -9 of a worker during ${RUNS} runs`, () => {
  test('leaves every run complete, with equal content, each state told once, and nothing else in the store', async () => {
    for (let run = 0; run < RUNS; run++) await startRun()
    for (let killed = 0; killed < KILLS; ) {
      // Each kill counts that falls while a run is not done; on a fast machine that takes more runs.
      if ((await runsNow()).every(({ state }) => isFinal(state))) await startRun()
      const worker = await startWorker(stack)
      await pause(Math.random() * LONGEST_LIFE_MS)
      if ((await runsNow()).some(({ state }) => !isFinal(state))) killed++
      await killWorker(worker)
      for (const { state, bundle } of await runsNow()) expect(bundle !== null).toBe(state === 'succeeded')
    }
    const survivor = await startWorker(stack)
    const runs = await until(async () => {
      const all = await runsNow()
      return all.every(({ state }) => isFinal(state)) ? all : null
    })
    expect(runs.length).toBeGreaterThanOrEqual(RUNS)
    for (const { state, error_message } of runs) expect([state, error_message]).toEqual(['succeeded', null])
    expect(new Set(runs.map(({ content_root }) => content_root)).size).toBe(1)
    expect(runs[0]?.counts?.advisories).toBe(RECORDS)
    await nothingLeft(runs.length)
    await allTold(stack, tenant, runs)
    await killWorker(survivor)
  })
})

/** Staging is swept: what remains are five files a run. */
async function nothingLeft(runs: number): Promise<void> {
  const store = fileURLToPath(stack.blobUrl)
  const remaining = await until(async () => {
    const paths = (await filesUnder(store)).map((path) => path.slice(store.length + 1))
    return paths.some((path) => path.startsWith('staging/')) ? null : paths
  })
  expect(remaining.filter((path) => path.startsWith('runs/')).length).toBe(runs * 5)
  expect(remaining.filter((path) => path.startsWith('uploads/'))).toEqual([])
}
