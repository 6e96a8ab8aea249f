import type { ChildProcess } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { isFinal, MAX_PAGE_ROWS, type Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { makeDue } from '../support/owner.ts'
import { filesUnder, openTenant, post, type Tenant, until } from '../support/tenant.ts'
import { killWorker, startWorker } from '../support/worker-process.ts'

const RECORDS = 60_000
const RUNS = 5
const KILLS = 40
const CANCELLED = 4
/** Longest life of a worker after it is ready, in milliseconds: long enough to get into any phase. */
const LONGEST_LIFE_MS = 900
/** Files that a run keeps: a bundle and what describes it; of a run in parts, its bundle, its index and a signature. */
const [FILES_OF_RUN, FILES_OF_WHOLE] = [5, 3]

let stack: TestStack
let tenant: Tenant

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'chaos-parts')
  const profile = {
    name: 'parts',
    kind: 'json',
    variant: 'raw',
    config: { sharding: { max_bytes: 4_000_000, by: 'time' } },
  }
  expect((await tenant.api('/export/profiles', { method: 'POST', body: JSON.stringify(profile) })).status).toBe(201)
  const batch = await post(tenant, Array.from({ length: RECORDS }, (_, index) => advisory(index)).join('\n'))
  expect(batch.summary).toMatchObject({ new: RECORDS, refused: [] })
  await Promise.all(stack.processes.workers.map((worker) => worker.stop()))
})
afterAll(() => stack?.stop())

function advisory(index: number): string {
  const modified = new Date(Date.UTC(2024, 0, 1) + ((index * 7919) % RECORDS) * 1000).toISOString()
  const details = Array.from({ length: 60 }, (_, word) => (index * 2_654_435_761 + word * 40_503) % 99_991).join(' ')
  return JSON.stringify({ id: `PARTS-${index}`, modified, summary: `Number ${index}`, details })
}

async function startRun(): Promise<string> {
  const body = JSON.stringify({ profile_id: 'prof_parts' })
  return ((await (await tenant.api('/export/runs', { method: 'POST', body })).json()) as Run).id
}

async function listed(query = ''): Promise<Run[]> {
  return ((await (await tenant.api(`/export/runs?limit=${MAX_PAGE_ROWS}${query}`)).json()) as { items: Run[] }).items
}

const partsOf = (id: string) => listed(`&part_of=${id}`)

/** Kills a worker again and again, at any instant, until `isOver`; each kill counts that falls before. */
async function killUntil(isOver: () => Promise<boolean>, least: number, more: () => Promise<unknown>): Promise<void> {
  for (let killed = 0; killed < least; ) {
    if (await isOver()) await more()
    const worker = await startWorker(stack)
    await pause(Math.random() * LONGEST_LIFE_MS)
    if (!(await isOver())) killed++
    await killWorker(worker)
  }
}

/** Cancels a run in parts by one of them, while a worker is at it: that worker. Where the part was quicker, another run. */
async function cancelledByPart(): Promise<ChildProcess> {
  const worker = await startWorker(stack)
  for (;;) {
    const id = await startRun()
    const [part] = await until(async () => {
      const parts = await partsOf(id)
      return parts.some(({ state }) => state === 'succeeded') ? parts.filter(({ state }) => !isFinal(state)) : null
    })
    const answer = await tenant.api(`/export/runs/${part?.id}/cancel`, { method: 'POST' })
    if (answer.status === 200) return worker
  }
}

async function stored(): Promise<string[]> {
  const store = fileURLToPath(stack.blobUrl)
  return (await filesUnder(store))
    .map((path) => path.slice(store.length + 1))
    .filter((path) => !path.startsWith('scratch'))
}

const under = (paths: readonly string[], id: string) =>
  paths.filter((path) => path.startsWith(`runs/${tenant.id}/${id}/`))

describe(`${KILLS} times kill -9 of a worker`, () => {
  let succeeded: Run[] = []

  test(`during ${RUNS} runs in parts, others cancelled by a part, leaves each complete or gone`, async () => {
    for (let run = 0; run < RUNS; run++) await startRun()
    const isOver = async () => (await listed()).every(({ state }) => isFinal(state))
    await killUntil(isOver, KILLS, startRun)
    for (let doomed = 0; doomed < CANCELLED; doomed++) await killWorker(await cancelledByPart())

    const survivor = await startWorker(stack)
    const runs = await until(async () => ((await isOver()) ? await listed() : null))

    succeeded = runs.filter(({ state }) => state === 'succeeded')
    expect(succeeded.length).toBeGreaterThanOrEqual(RUNS)
    expect(runs.filter(({ state }) => state === 'cancelled').length).toBeGreaterThanOrEqual(CANCELLED)
    expect(runs.filter(({ state }) => state !== 'succeeded' && state !== 'cancelled')).toEqual([])
    expect(new Set(succeeded.map(({ content_root }) => content_root)).size).toBe(1)
    await until(async () => ((await stored()).some((path) => path.startsWith('staging/')) ? null : true))
    for (const run of runs) {
      const parts = await partsOf(run.id)
      const isWhole = run.state === 'succeeded'
      if (isWhole) {
        expect(parts.every(({ state }) => state === 'succeeded')).toBe(true)
        expect(parts.reduce((sum, { counts }) => sum + (counts?.advisories ?? 0), 0)).toBe(RECORDS)
      } else expect(parts.every(({ state }) => state === 'cancelled' || state === 'expired')).toBe(true)
      const expected = isWhole ? FILES_OF_WHOLE : 0
      await until(async () => (under(await stored(), run.id).length === expected ? true : null))
      for (const { id } of parts) {
        const files = isWhole ? FILES_OF_RUN : 0
        await until(async () => (under(await stored(), id).length === files ? true : null))
      }
    }
    await killWorker(survivor)
  })

  test.each(['data', 'documents'] as const)(
    'while %s are pruned removes all that is due, and answers 200 or 410',
    async (what) => {
      const due: Run[] = []
      for (const run of succeeded) due.push(run, ...(await partsOf(run.id)))
      const left = async () => {
        const paths = await stored()
        return due.reduce((sum, { id }) => sum + under(paths, id).length, 0)
      }
      const documentsOf = ({ parts }: Run) => (parts ? FILES_OF_WHOLE : FILES_OF_RUN) - 1
      const kept = what === 'documents' ? 0 : due.reduce((sum, run) => sum + documentsOf(run), 0)
      const isOver = async () => (await left()) === kept
      await makeDue(stack, { tenantId: tenant.id, runIds: due.map(({ id }) => id), what })

      for (let killed = 0; !(await isOver()) && killed < KILLS; killed++) {
        const worker = await startWorker(stack)
        await pause(Math.random() * 60)
        const run = due[Math.floor(Math.random() * due.length)]
        const answer = await tenant.api(`/export/runs/${run?.id}/download`, { headers: { range: 'bytes=0-99' } })
        expect([206, 410]).toContain(answer.status)
        await answer.arrayBuffer()
        await killWorker(worker)
      }
      const survivor = await startWorker(stack)
      await until(async () => ((await isOver()) ? true : null))
      await killWorker(survivor)
      for (const { id } of due) {
        expect((await tenant.api(`/export/runs/${id}/download`)).status).toBe(410)
        expect((await tenant.api(`/export/runs/${id}/manifest`)).status).toBe(what === 'data' ? 200 : 410)
      }
    },
  )
})
