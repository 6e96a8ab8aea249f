import { setTimeout as pause } from 'node:timers/promises'

import { openBlobs } from '@stella/adapters'
import { lacksObjectStore, ObjectStoreProcess } from '@stella/adapters/testing'
import { isFinal, MAX_PAGE_ROWS, type Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { manyAdvisories } from '../support/many-advisories.ts'
import { createProfile, openTenant, post, type Tenant, until } from '../support/tenant.ts'

const RECORDS = 40_000
const RUNS = 4
const KILLS = 20
/** Longest life of the store between two kills, in milliseconds: long enough to get into any phase of a run. */
const LONGEST_LIFE_MS = 600

describe.skipIf(lacksObjectStore())(`${KILLS} times kill -9 of the object store during ${RUNS} runs`, () => {
  let store: ObjectStoreProcess
  let stack: TestStack
  let tenant: Tenant

  beforeAll(async () => {
    store = await ObjectStoreProcess.start()
    for (const [name, value] of Object.entries(store.env)) vi.stubEnv(name, value)
    stack = await startTestStack({ env: { ...store.env, BLOB_URL: store.url() } })
    tenant = await openTenant(stack, 'chaos')
    await createProfile(tenant)
    expect((await post(tenant, manyAdvisories(RECORDS))).summary).toMatchObject({ new: RECORDS, refused: [] })
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await stack?.stop()
    await store?.stop()
  })

  async function startRun(): Promise<void> {
    const body = JSON.stringify({ profile_id: 'prof_json_raw' })
    expect((await tenant.api('/export/runs', { method: 'POST', body })).status).toBe(202)
  }

  async function runsNow(): Promise<Run[]> {
    return ((await (await tenant.api(`/export/runs?limit=${MAX_PAGE_ROWS}`)).json()) as { items: Run[] }).items
  }

  test('leaves every run complete, with equal content, and nothing else in the store', async () => {
    for (let run = 0; run < RUNS; run++) await startRun()
    for (let killed = 0; killed < KILLS; killed++) {
      if ((await runsNow()).every(({ state }) => isFinal(state))) await startRun()
      await pause(Math.random() * LONGEST_LIFE_MS)
      await store.kill()
      for (const { state, bundle } of await runsNow()) expect(bundle !== null).toBe(state === 'succeeded')
      await store.resume()
    }
    const runs = await until(async () => {
      const all = await runsNow()
      return all.every(({ state }) => isFinal(state)) ? all : null
    })
    for (const { state, error_message } of runs) expect([state, error_message]).toEqual(['succeeded', null])
    expect(new Set(runs.map(({ content_root }) => content_root)).size).toBe(1)
    expect(runs[0]?.counts?.advisories).toBe(RECORDS)

    const blobs = await openBlobs(store.url())
    const left = await until(async () => {
      const keys = (await blobs.list('')).map(({ key }) => key)
      return keys.some((key) => key.startsWith('staging/')) ? null : keys
    })
    expect(left.filter((key) => key.startsWith('runs/'))).toHaveLength(runs.length * 5)
    for (const { id, bundle } of runs) {
      const answer = await tenant.api(`/export/runs/${id}/download`)
      expect((await answer.arrayBuffer()).byteLength).toBe(bundle?.size)
    }
  })
})
