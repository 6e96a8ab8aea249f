import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { scanBundle } from '@stella/native'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { publishedStates } from './support/nats.ts'
import { makeDue } from './support/owner.ts'
import {
  createProfile,
  exportBundle,
  filesUnder,
  ingest,
  openTenant,
  samples,
  type Tenant,
  until,
} from './support/tenant.ts'

let stack: TestStack
let tenant: Tenant

beforeAll(async () => {
  stack = await startTestStack({ workers: 2 })
  tenant = await openTenant(stack, 'retention')
  await ingest(tenant, ...['advisories', 'vex', 'sboms'].map((folder) => join(samples, folder)))
  await createProfile(tenant)
})
afterAll(() => stack?.stop())

const runNow = (id: string) => tenant.json<Run>('export', 'run', 'get', id)

/** What the store holds of a run. */
async function stored(id: string): Promise<string[]> {
  const store = fileURLToPath(stack.blobUrl)
  return (await filesUnder(join(store, 'runs', tenant.id))).filter((path) => path.includes(`/${id}/`))
}

/** A run that succeeded, with a part of it due, and that part removed. */
async function prunedRun(what: 'data' | 'documents') {
  const { run, bundle } = await exportBundle(tenant, `pruned-${what}.tar.zst`)
  await makeDue(stack, { tenantId: tenant.id, runIds: [run.id], what })
  const left = what === 'data' ? 4 : 0
  await until(async () => ((await stored(run.id)).length === left ? true : null))
  return { run, bundle }
}

async function problemAt(path: string): Promise<{ status: number; code: string; detail: string }> {
  const answer = await tenant.api(path)
  const { code, detail } = (await answer.json()) as { code: string; detail: string }
  return { status: answer.status, code, detail }
}

async function unsigned(bundle: string): Promise<[string, string][]> {
  const { members } = await scanBundle(bundle)
  return members
    .map(({ path, sha256 }): [string, string] => [path, sha256])
    .filter(([path]) => !path.startsWith('signatures/'))
}

/** States that the events of a run tell of, once the last of them says that it has expired. */
async function statesUntilExpired(id: string): Promise<string[]> {
  return until(async () => {
    const states = (await publishedStates(stack, tenant.id)).get(id)
    return states?.at(-1) === 'expired' ? states : null
  })
}

describe('a run', () => {
  test('says when it expires, after the retention of its profile', async () => {
    const body = {
      name: 'short',
      kind: 'json',
      variant: 'raw',
      config: { retention: { data_days: 2, documents_days: 7 } },
    }
    await tenant.api('/export/profiles', { method: 'POST', body: JSON.stringify(body) })
    const { id } = await tenant.json<Run>('export', 'run', 'create', '--profile', 'prof_short', '--wait')
    const { finished_at, expires_at, documents_expire_at } = await runNow(id)
    const after = (days: number) => new Date(Date.parse(finished_at ?? '') + days * 24 * 3600 * 1000).toISOString()
    expect({ expires_at, documents_expire_at }).toEqual({ expires_at: after(2), documents_expire_at: after(7) })
  })

  test.each([{ data_days: 0 }, { data_days: 40_000 }, { data_days: 9, documents_days: 8 }, { days: 1 }])(
    'cannot be kept %j',
    async (retention) => {
      const body = { name: 'wrong', kind: 'json', variant: 'raw', config: { retention } }
      const answer = await tenant.api('/export/profiles', { method: 'POST', body: JSON.stringify(body) })
      expect(answer.status).toBe(400)
      expect(((await answer.json()) as { detail: string }).detail).toContain('config.retention')
    },
  )

  test('whose bundle is due loses it and nothing else; download says when, why and what to do', async () => {
    const { run } = await prunedRun('data')
    expect(await runNow(run.id)).toEqual({
      ...run,
      state: 'expired',
      bundle: null,
      expires_at: '2025-01-01T00:00:00.000Z',
      documents_expire_at: '2999-01-01T00:00:00.000Z',
    })
    const { detail, ...refused } = await problemAt(`/export/runs/${run.id}/download`)
    expect(refused).toEqual({ status: 410, code: 'run/pruned' })
    for (const told of ['2025-01-01', 'prof_json_raw', `/export/runs/${run.id}/reproduce`, 'kept until 2999-01-01'])
      expect(detail).toContain(told)
    for (const document of ['manifest', 'provenance', 'signatures'])
      expect((await tenant.api(`/export/runs/${run.id}/${document}`)).status).toBe(200)

    const outcome = await tenant.stella('export', 'run', 'download', run.id)
    expect(outcome.code).toBe(8)
    expect(outcome.stderr).toContain(`stella export reproduce`)
  })

  test('whose documents are due loses all of its bytes; it stays listed', async () => {
    const { run } = await prunedRun('documents')
    for (const document of ['download', 'manifest', 'provenance', 'signatures'])
      expect(await problemAt(`/export/runs/${run.id}/${document}`)).toMatchObject({ status: 410, code: 'run/pruned' })
    const { items } = await tenant.json<{ items: Run[] }>('export', 'run', 'list', '--state', 'expired')
    expect(items.find(({ id }) => id === run.id)).toMatchObject({ content_root: run.content_root, bundle: null })
  })

  test.each(['data', 'documents'] as const)(
    'whose %s went is reproduced: the same bytes but for signatures/, with a download of its own',
    async (what) => {
      const { run, bundle } = await prunedRun(what)
      const rebuilt = join(tenant.directory, `rebuilt-${what}.tar.zst`)
      const { ok, reproduction_id } = await tenant.json<{ ok: boolean; reproduction_id: string }>(
        'export',
        'reproduce',
        run.id,
        '--out',
        rebuilt,
      )
      expect(ok).toBe(true)
      expect(await unsigned(rebuilt)).toEqual(await unsigned(bundle))
      const again = await runNow(reproduction_id)
      expect(again).toMatchObject({ state: 'succeeded', reproduces: run.id, content_root: run.content_root })
      expect((await tenant.api(`/export/runs/${reproduction_id}/download`)).status).toBe(200)
      await rm(rebuilt)
    },
  )

  test('that expires is told once', async () => {
    const { run } = await prunedRun('documents')
    const states = ['queued', 'planning', 'writing', 'sealing', 'succeeded', 'expired']
    expect(await statesUntilExpired(run.id)).toEqual(states)
  })

  test('that is due is pruned while NATS is away, and told of when it is back', async () => {
    const { run } = await exportBundle(tenant, 'pruned-without-bus.tar.zst')
    const bringBack = await stack.processes.nats?.takeDown()
    try {
      await makeDue(stack, { tenantId: tenant.id, runIds: [run.id], what: 'data' })
      await until(async () => ((await stored(run.id)).length === 4 ? true : null))
    } finally {
      await bringBack?.()
    }
    expect(await statesUntilExpired(run.id)).toHaveLength(6)
  })

  test('of another tenant that is not due is kept', async () => {
    const other = await openTenant(stack, 'keeps')
    await ingest(other, join(samples, 'vex'))
    await createProfile(other)
    const kept = await exportBundle(other, 'kept.tar.zst')
    await prunedRun('documents')
    expect((await other.api(`/export/runs/${kept.run.id}/download`)).status).toBe(200)
  })
})
