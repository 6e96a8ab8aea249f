import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { lacksJudge } from '../support/judge.ts'
import { manyAdvisories } from '../support/many-advisories.ts'
import { ingest, openTenant, samples, type Tenant } from '../support/tenant.ts'

let stack: TestStack
let tenant: Tenant

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'oci-mirror')
  const body = JSON.stringify({ name: 'mirror full', kind: 'mirror', variant: 'full' })
  expect((await tenant.api('/export/profiles', { method: 'POST', body })).status).toBe(201)
  for (const folder of ['advisories', 'vex', 'sboms']) await ingest(tenant, join(samples, folder))
  // Enough for several groups.
  writeFileSync(join(tenant.directory, 'many.jsonl'), manyAdvisories(14_000))
  await ingest(tenant, join(tenant.directory, 'many.jsonl'))
})
afterAll(() => stack?.stop())

async function layoutOf(name: string): Promise<{ bundle: string; layout: string }> {
  const [bundle, layout] = [join(tenant.directory, `${name}.tar.zst`), join(tenant.directory, name)]
  await tenant.json('export', 'run', 'create', '--profile', 'prof_mirror_full', '--download', bundle)
  await tenant.json('mirror', 'to-oci', bundle, '--out', layout)
  return { bundle, layout }
}

const blobsOf = (layout: string) => readdirSync(join(layout, 'blobs/sha256')).sort()
const digestOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

test('a mirror becomes an OCI layout and a bundle again, byte for byte, and shares what did not change with the next', async () => {
  const first = await layoutOf('first')
  for (const blob of blobsOf(first.layout)) expect(digestOf(join(first.layout, 'blobs/sha256', blob))).toBe(blob)
  const back = join(tenant.directory, 'back.tar.zst')
  await tenant.json('mirror', 'from-oci', first.layout, '--out', back)
  expect(digestOf(back)).toBe(digestOf(first.bundle))

  writeFileSync(join(tenant.directory, 'new.json'), JSON.stringify({ id: 'MANY-7x', modified: '2025-01-01T00:00:00Z' }))
  await ingest(tenant, join(tenant.directory, 'new.json'))
  const second = await layoutOf('second')
  const known = new Set(blobsOf(first.layout))
  const sizeOf = (blobs: string[]) =>
    blobs.reduce((sum, blob) => sum + readFileSync(join(second.layout, 'blobs/sha256', blob)).length, 0)
  const added = blobsOf(second.layout).filter((blob) => !known.has(blob))
  const groups = readdirSync(second.layout).length
  expect(groups).toBeGreaterThan(0)
  // New are the group that the record is in, the index over advisories, and what describes the mirror.
  expect(added.length).toBeLessThanOrEqual(16)
  expect(blobsOf(second.layout).length - added.length).toBeGreaterThanOrEqual(10)
  expect(sizeOf(added)).toBeLessThan(sizeOf(blobsOf(second.layout)) / 2)

  rmSync(join(first.layout, 'blobs/sha256', known.values().next().value ?? ''))
  const { code, stderr } = await tenant.stella(
    'mirror',
    'from-oci',
    first.layout,
    '--out',
    join(tenant.directory, 'cut.tar.zst'),
  )
  expect([code, stderr]).toEqual([6, expect.stringContaining('is missing')])
})

test('a layout whose index is larger than any registry takes, or names more than a layout has, is refused', async () => {
  const layout = join(tenant.directory, 'large')
  mkdirSync(layout)
  const refused = async (index: string, reason: string) => {
    writeFileSync(join(layout, 'index.json'), index)
    const out = join(tenant.directory, 'large.tar.zst')
    const { code, stderr } = await tenant.stella('mirror', 'from-oci', layout, '--out', out)
    expect([code, stderr]).toEqual([6, expect.stringContaining(reason)])
  }
  await refused(`{"manifests":[],"padding":"${'x'.repeat(4 * 1024 * 1024)}"}`, 'it is over 4194304 bytes')
  const digest = `sha256:${'0'.repeat(64)}`
  const named = { mediaType: 'application/vnd.oci.image.index.v1+json', digest, size: 1 }
  await refused(JSON.stringify({ manifests: Array.from({ length: 17 }, () => named) }), 'more than 16 indexes')
})

test.skipIf(
  lacksJudge('oras', 'go install oras.land/oras/cmd/oras@v1.2.3') ||
    lacksJudge('crane', 'go install github.com/google/go-containerregistry/cmd/crane@v0.22.1'),
)('oras copies the layout to a registry and back, byte-identical', async () => {
  const { bundle, layout } = await layoutOf('moved')
  const registry = spawn('crane', ['registry', 'serve', '--address', '127.0.0.1:0'])
  try {
    const [line] = (await once(registry.stderr, 'data')) as [Buffer]
    const host = `127.0.0.1:${/port (\d+)/.exec(line.toString())?.[1]}`
    const oras = (...args: string[]) => execFileSync('oras', ['cp', '--recursive', ...args], { stdio: 'pipe' })
    oras('--from-oci-layout', `${layout}:mirror`, '--to-plain-http', `${host}/site/mirror:latest`)
    const returned = join(tenant.directory, 'returned')
    oras('--from-plain-http', `${host}/site/mirror:latest`, '--to-oci-layout', `${returned}:mirror`)
    expect(blobsOf(returned)).toEqual(blobsOf(layout))
    const back = join(tenant.directory, 'returned.tar.zst')
    await tenant.json('mirror', 'from-oci', returned, '--out', back)
    expect(digestOf(back)).toBe(digestOf(bundle))
    expect((await tenant.stella('export', 'verify', back)).code).toBe(0)
  } finally {
    registry.kill()
  }
})
