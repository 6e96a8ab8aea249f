import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import type { Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createProfile, exportBundle, filesUnder, openTenant, post, type Tenant, until } from '../support/tenant.ts'

const DISK = '24m'
const store = join(mkdtempSync(join(tmpdir(), 'stella-disk-')), 'blobs')
mkdirSync(store)
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', store]).status === 0
if (!mounted) console.warn('SKIPPED: a small disk cannot be mounted without root')

describe.runIf(mounted)('a full disk', () => {
  let stack: TestStack
  let tenant: Tenant

  beforeAll(async () => {
    stack = await startTestStack({ env: { BLOB_URL: pathToFileURL(store).href } })
    tenant = await openTenant(stack, 'full-disk')
    await createProfile(tenant)
    // Text that does not compress: the export is about as large as what it is made of.
    const lines = Array.from({ length: 2000 }, (_, index) => {
      const details = execFileSync('head', ['-c', '3000', '/dev/urandom']).toString('base64')
      return JSON.stringify({ id: `DISK-${index}`, modified: '2024-01-01T00:00:00Z', details })
    })
    await post(tenant, lines.join('\n'))
  })
  afterAll(async () => {
    await stack?.stop()
    execFileSync('umount', [store])
    await rm(store, { recursive: true })
  })

  test('fails the run as storage_full and leaves no bundle; with room again the next run succeeds', async () => {
    const filler = join(store, 'filler')
    writeFileSync(filler, Buffer.alloc(20 * 1024 * 1024))
    const outcome = await tenant.stella('export', 'run', 'create', '--profile', 'prof_json_raw', '--wait')
    expect(outcome.code).toBe(8)
    expect(outcome.stderr).toContain('storage_full')

    const { items } = await tenant.json<{ items: Run[] }>('export', 'run', 'list')
    expect(items[0]).toMatchObject({ state: 'failed', error_class: 'storage_full', bundle: null })
    expect((await tenant.api(`/export/runs/${items[0]?.id}/download`)).status).toBe(409)
    await until(async () => ((await filesUnder(store)).length === 1 ? true : null))

    await rm(filler)
    const { run, bundle } = await exportBundle(tenant, 'room.tar.zst')
    expect(run.state).toBe('succeeded')
    expect((await tenant.stella('export', 'verify', bundle)).code).toBe(0)
  })
})
