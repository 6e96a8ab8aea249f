import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'

import { openBlobs } from '@stella/adapters'
import type { Profile, Run, RunState } from '@stella/contracts'
import { sealedKey } from '@stella/core'
import { openDatabase, requestRun, withTenant } from '@stella/db'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createProfile, filesUnder, openTenant, post, type Tenant, until } from './support/tenant.ts'

const RECORDS = 120_000

let stack: TestStack
let tenant: Tenant

beforeAll(async () => {
  stack = await startTestStack({ workers: 2 })
  tenant = await openTenant(stack, 'faults')
  await createProfile(tenant)
  const lines = Array.from({ length: RECORDS }, (_, index) =>
    JSON.stringify({ id: `FAULT-${index}`, modified: '2024-01-01T00:00:00Z', details: `${index} `.repeat(200) }),
  )
  await post(tenant, lines.join('\n'))
})
afterAll(() => stack?.stop())

async function runNow(id: string): Promise<Run> {
  return (await (await tenant.api(`/export/runs/${id}`)).json()) as Run
}

async function createRun(): Promise<string> {
  const body = JSON.stringify({ profile_id: 'prof_json_raw' })
  return ((await (await tenant.api('/export/runs', { method: 'POST', body })).json()) as Run).id
}

async function storedOf(run: string): Promise<string[]> {
  return (await filesUnder(fileURLToPath(stack.blobUrl))).filter((path) => path.includes(run))
}

describe('cancelling', () => {
  test.each<RunState>(['queued', 'writing', 'sealing'])(
    'a run that is %s ends it within seconds and leaves nothing behind',
    async (state) => {
      const id = await createRun()
      const reached = await until(async () => {
        const run = await runNow(id)
        return state === 'queued' || run.state === state || run.state === 'succeeded' ? run : null
      })
      // Sealing is over in a moment: where it was missed there is nothing to cancel.
      const answer = await tenant.api(`/export/runs/${id}/cancel`, { method: 'POST' })
      if (reached.state === 'succeeded' || answer.status === 409) return
      expect(answer.status).toBe(200)
      await until(async () => ((await storedOf(id)).length === 0 ? true : null))
      expect(await runNow(id)).toMatchObject({ state: 'cancelled', bundle: null, content_root: null })
      expect((await tenant.api(`/export/runs/${id}/cancel`, { method: 'POST' })).status).toBe(200)
      expect((await tenant.api(`/export/runs/${id}/download`)).status).toBe(409)
    },
  )
})

describe('bytes that a worker stored of a run which others had ended, before it was killed', () => {
  test('are found by the sweep; those of runs that succeeded are kept', async () => {
    const [cancelled, kept] = [await createRun(), await createRun()]
    expect((await tenant.api(`/export/runs/${cancelled}/cancel`, { method: 'POST' })).status).toBe(200)
    await until(async () => ((await runNow(kept)).state === 'succeeded' ? true : null))
    await until(async () => ((await storedOf(cancelled)).length === 0 ? true : null))
    // A run is done before its staging is removed.
    const sealed = await until(async () => {
      const stored = await storedOf(kept)
      return stored.some((path) => path.includes('/staging/')) ? null : stored
    })
    const blobs = await openBlobs(stack.blobUrl)
    const sha256 = createHash('sha256').update('late').digest('hex')
    for (const runId of [cancelled, kept]) {
      const key = sealedKey({ tenantId: tenant.id, runId, attempt: 'late', sha256 })
      await blobs.putBytes({ key, bytes: Buffer.from('late') })
    }
    await until(async () => ((await storedOf(cancelled)).length === 0 ? true : null))
    await until(async () => ((await storedOf(kept)).length === sealed.length ? true : null))
    expect(await storedOf(kept)).toEqual(sealed)
    expect((await tenant.api(`/export/runs/${kept}/download`)).status).toBe(200)
  })
})

describe('a job that was never published', () => {
  test('is found by the sweep: the run completes, and is the one that a published job gives', async () => {
    const profile = (await (await tenant.api('/export/profiles/prof_json_raw')).json()) as Profile
    const database = openDatabase(stack.databaseUrl)
    const id = 'run_lost'
    await withTenant(database, 'faults', (tx) =>
      requestRun(tx, {
        tenantId: 'faults',
        id,
        profile,
        filters: {},
        trigger: 'manual',
        reproduces: null,
        planId: 'plan_lost',
        createdBy: 'test',
      }),
    )
    await database.close()
    const lost = await until(async () => {
      const run = await runNow(id)
      return run.state === 'succeeded' ? run : null
    })
    const published = await createRun()
    const other = await until(async () => {
      const run = await runNow(published)
      return run.state === 'succeeded' ? run : null
    })
    expect(lost.content_root).toBe(other.content_root)
  })
})

describe('two workers', () => {
  test('share runs asked for at once: all succeed with equal content', async () => {
    const ids = await Promise.all(Array.from({ length: 6 }, createRun))
    const roots = new Set<string | null>()
    for (const id of ids) {
      const run = await until(async () => {
        const now = await runNow(id)
        return now.state === 'succeeded' || now.state === 'failed' ? now : null
      })
      expect([run.state, run.error_message]).toEqual(['succeeded', null])
      roots.add(run.content_root)
    }
    expect(roots.size).toBe(1)
  })
})
