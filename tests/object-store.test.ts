import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { type Blobs, openBlobs } from '@stella/adapters'
import {
  type Fault,
  FaultProxy,
  type FaultScript,
  lacksObjectStore,
  ObjectStoreProcess,
} from '@stella/adapters/testing'
import { type BundleUrl, isFinal, type Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { textOf } from './source-files.ts'
import { createProfile, exportBundle, ingest, openTenant, samples, type Tenant, until } from './support/tenant.ts'

const golden = JSON.parse(textOf('tests/golden/samples-content.json')) as { content_root: string }

const internalError: Fault = { kind: 'answer', status: 500, code: 'InternalError' }
const faultsInTurn: readonly Fault[] = [
  internalError,
  { kind: 'cut-request', afterBytes: 100 },
  { kind: 'lose-answer' },
]

/** Every other request goes wrong, each way in turn, but none twice on end. */
function everyOther(): FaultScript {
  let asked = 0
  const failed = new Set<string>()
  return ({ method, url }) => {
    const request = `${method} ${url}`
    if (failed.delete(request) || asked++ % 2 === 1) return null
    failed.add(request)
    return faultsInTurn[(asked >> 1) % faultsInTurn.length] ?? null
  }
}

/** Not at once: the store is reached by way of this process. */
async function curl(...args: string[]): Promise<Buffer> {
  return (await promisify(execFile)('curl', args, { encoding: 'buffer', maxBuffer: 1e8 })).stdout
}

describe.skipIf(lacksObjectStore())('a stack whose blobs lie in an object store', () => {
  let store: ObjectStoreProcess
  let proxy: FaultProxy
  let stack: TestStack
  let tenant: Tenant
  let blobs: Blobs

  beforeAll(async () => {
    store = await ObjectStoreProcess.start()
    proxy = await FaultProxy.start(store.port)
    for (const [name, value] of Object.entries(store.env)) vi.stubEnv(name, value)
    stack = await startTestStack({ env: { ...store.env, BLOB_URL: store.url({ port: proxy.port }) } })
    blobs = await openBlobs(store.url())
    tenant = await openTenant(stack, 'objects')
    await ingest(tenant, join(samples, 'advisories'), join(samples, 'vex'), join(samples, 'sboms'))
    await createProfile(tenant)
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await stack?.stop()
    await proxy?.stop()
    await store?.stop()
  })

  /** What stays of a run: bundle, manifest, provenance and two signatures. */
  async function nothingLeft(runs: number): Promise<void> {
    const keys = await until(async () => {
      const all = (await blobs.list('')).map(({ key }) => key)
      return all.some((key) => /^(staging|uploads)\//.test(key)) ? null : all
    })
    expect(keys.filter((key) => key.startsWith('runs/'))).toHaveLength(runs * 5)
  }

  async function ended(id: string): Promise<Run> {
    return until(async () => {
      const run = (await (await tenant.api(`/export/runs/${id}`)).json()) as Run
      return isFinal(run.state) ? run : null
    })
  }

  test('ingests, exports, downloads and verifies the same content as with files', async () => {
    const { run, bundle } = await exportBundle(tenant, 'export.tar.zst')
    expect(run.content_root).toBe(golden.content_root)
    const verdict = await tenant.json('export', 'verify', bundle)
    expect(verdict).toMatchObject({ ok: true, content_root: run.content_root })
    await nothingLeft(1)
  })

  test('sends a caller that allows it to the store itself, by a URL that no one can change', async () => {
    const { run, bundle } = await exportBundle(tenant, 'presigned.tar.zst')
    const path = `/export/runs/${run.id}/download`
    const answer = await tenant.api(`${path}?redirect=true`, { redirect: 'manual' })
    const { url, size, sha256, expires_at } = (await answer.json()) as BundleUrl
    expect([answer.status, answer.headers.get('location')]).toEqual([307, url])
    expect({ size, sha256 }).toEqual(run.bundle)
    expect(Date.parse(expires_at)).toBeGreaterThan(Date.now())

    const fetched = await curl('-sSf', url)
    expect(fetched.equals(readFileSync(bundle))).toBe(true)
    const authorization = `authorization: Bearer ${tenant.token}`
    const followed = await curl('-sSfL', '-H', authorization, `${stack.url}${path}?redirect=true`)
    expect(createHash('sha256').update(followed).digest('hex')).toBe(run.bundle?.sha256)

    for (const tampered of [
      url.replace(run.id, 'run_other'),
      url.replace(/X-Amz-Expires=\d+/, 'X-Amz-Expires=86400'),
    ]) {
      expect(tampered).not.toBe(url)
      expect((await fetch(tampered)).status).toBe(403)
    }
    const head = await tenant.api(`${path}?redirect=true`, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(size)])
    expect((await tenant.api(`${path}?redirect=maybe`)).status).toBe(400)
  })

  /** Asks for a run, and waits until it has ended. */
  async function runToItsEnd(): Promise<Run> {
    const created = await tenant.api('/export/runs', {
      method: 'POST',
      body: JSON.stringify({ profile_id: 'prof_json_raw' }),
    })
    return ended(((await created.json()) as Run).id)
  }

  test('a run at which every other request to the store goes wrong gives the same content', async () => {
    const before = (await blobs.list('runs/')).length / 5
    const faultsBefore = proxy.faults
    proxy.script = everyOther()
    expect(await runToItsEnd()).toMatchObject({ state: 'succeeded', content_root: golden.content_root })
    proxy.script = () => null
    expect(proxy.faults - faultsBefore).toBeGreaterThan(10)
    await nothingLeft(before + 1)
  })

  test('a store that gets full while a run is sealed fails the run by name, and the next one succeeds', async () => {
    const before = (await blobs.list('runs/')).length / 5
    proxy.script = ({ method, url }) =>
      method === 'PUT' && url.includes('/runs/') ? { kind: 'answer', status: 507, code: 'InsufficientStorage' } : null
    expect(await runToItsEnd()).toMatchObject({ state: 'failed', error_class: 'storage_full', bundle: null })
    proxy.script = () => null
    await nothingLeft(before)
    expect(await runToItsEnd()).toMatchObject({ state: 'succeeded', content_root: golden.content_root })
  })

  test('a store that is killed while a run is at work holds it up, and no more', async () => {
    const before = (await blobs.list('runs/')).length / 5
    // The store dies with the first shard half sent.
    const reached = new Promise<void>((resolve) => {
      proxy.script = ({ method, url }) => {
        if (method !== 'PUT' || !url.includes('/staging/')) return null
        resolve()
        return { kind: 'cut-request', afterBytes: 100 }
      }
    })
    const created = await tenant.api('/export/runs', {
      method: 'POST',
      body: JSON.stringify({ profile_id: 'prof_json_raw' }),
    })
    const { id } = (await created.json()) as Run
    await reached
    await store.kill()
    proxy.script = () => null
    expect((await tenant.api(`/export/runs/${id}/download`)).status).toBe(409)
    await store.resume()

    expect(await ended(id)).toMatchObject({ state: 'succeeded', content_root: golden.content_root })
    await nothingLeft(before + 1)
  })

  test('a download while the store is away is 503, and says to try again', async () => {
    const { run } = await exportBundle(tenant, 'away.tar.zst')
    await store.kill()
    const answer = await tenant.api(`/export/runs/${run.id}/download`)
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([503, 'blob/unavailable'])
    await store.resume()
    expect((await tenant.api(`/export/runs/${run.id}/download`)).status).toBe(200)
  })
})
