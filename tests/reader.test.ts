import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createMirrorProfiles, exportMirror, publicKeyFile } from './support/mirror.ts'
import { type Answer, Reader } from './support/reader.ts'
import { ingest, openTenant, samples, type Tenant } from './support/tenant.ts'

let stack: TestStack
let tenant: Tenant
let key: string
let first: string
let second: string
let delta: string
let nextDelta: string

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'reader')
  await createMirrorProfiles(tenant)
  for (const folder of ['advisories', 'vex', 'sboms']) await ingest(tenant, join(samples, folder))
  first = join(tenant.directory, 'first.tar.zst')
  const run = await exportMirror(tenant, 'full', first)
  writeFileSync(join(tenant.directory, 'later.json'), JSON.stringify(later))
  await ingest(tenant, join(tenant.directory, 'later.json'))
  delta = join(tenant.directory, 'delta.tar.zst')
  const changed = await exportMirror(tenant, 'delta', delta, '--base', run.id)
  writeFileSync(join(tenant.directory, 'gone.json'), JSON.stringify({ ...later, modified: GONE, withdrawn: GONE }))
  await ingest(tenant, join(tenant.directory, 'gone.json'))
  nextDelta = join(tenant.directory, 'next-delta.tar.zst')
  await exportMirror(tenant, 'delta', nextDelta, '--base', changed.id)
  second = join(tenant.directory, 'second.tar.zst')
  expect((await tenant.stella('mirror', 'apply', first, delta, '--out', second)).code).toBe(0)
  key = await publicKeyFile(tenant)
})
afterAll(() => stack?.stop())

const GONE = '2030-02-01T00:00:00Z'
const later = {
  id: 'LATER-1',
  modified: '2030-01-01T00:00:00Z',
  aliases: ['CVE-2030-1'],
  affected: [{ package: { ecosystem: 'npm', name: 'left-pad' }, versions: ['1.0.0'] }],
}

describe('a mirror that was imported', () => {
  const reader = new Reader(() => key)
  beforeAll(async () => {
    const { code, stdout, stderr } = await reader.import(first)
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toMatchObject({ imported: true, generation: 3, counts: { advisories: 18 } })
  })

  test('answers what it holds, how old that is, and whether it covers the question', async () => {
    const byAlias = await reader.query('alias', 'CVE-2021-23337')
    expect(byAlias.items.map(({ record }) => record.id)).toEqual(['x_SAMPLE-CVE-2021-23337'])
    expect(byAlias.mirror).toMatchObject({ generation: 3, stale: false, absent: ['policy', 'consensus'], sources: 1 })
    const byWords = await reader.query('text', 'lodash', 'command', 'inj')
    expect(byWords.items.map((item) => item.key)).toEqual(['x_SAMPLE-CVE-2021-23337'])
    const lodash = await reader.query('package', 'pkg:npm/lodash@4.17.20')
    expect(lodash.items.map((item) => item.key)).toEqual(['x_SAMPLE-CVE-2019-10744', 'x_SAMPLE-CVE-2021-23337'])
    expect(lodash.items.map(({ verdict }) => verdict)).toEqual(['not_affected', 'affected'])
    expect(lodash.items[1]?.reason).toContain('4.17.21')
    const fixed = await reader.query('package', 'pkg:npm/lodash@4.17.21')
    expect(fixed.items.map(({ verdict }) => verdict)).toEqual(['not_affected', 'not_affected'])
    const release = await reader.query('package', 'pkg:deb/debian/openssl@1.1.1k-1?distro=debian-11')
    expect(release.items.filter(({ verdict }) => verdict === 'affected').length).toBe(1)
    expect(await reader.query('package', 'pkg:npm/left-pad')).toMatchObject({ covered: true, items: [] })
    expect(await reader.query('package', 'pkg:hex/plug')).toMatchObject({ covered: false, items: [] })
    expect(await reader.query('package', 'pkg:deb/ubuntu/openssl')).toMatchObject({ covered: false })
    expect((await reader.query('package', 'pkg:deb/debian/openssl')).items.length).toBe(2)
  })

  test('finds VEX by product and vulnerability, SBOMs by component and subject, documents by digest', async () => {
    const statements = await reader.query('vex', '--vulnerability', 'CVE-2021-23337')
    expect(statements.items.length).toBeGreaterThan(0)
    const sboms = await reader.query('sboms', '--component', 'pkg:npm/lodash@4.17.20')
    expect(sboms.items.length).toBeGreaterThan(0)
    const [item] = (await reader.query('advisory', 'x_SAMPLE-CVE-2021-23337')).items
    const { stdout } = await reader.run('query', 'document', item?.document ?? '')
    expect(stdout).toBe(readFileSync(join(samples, 'advisories/npm-lodash-2021-23337.json'), 'utf8'))
  })

  test('answers the same over HTTP, and says what is wrong with a question', async () => {
    const { url, stop } = await reader.serve()
    try {
      const asked = async (path: string) => {
        const response = await fetch(`${url}${path}`)
        return { status: response.status, body: (await response.json()) as Answer & { detail: string } }
      }
      const found = await asked('/advisories?alias=CVE-2021-23337')
      expect(found.body.items).toEqual((await reader.query('alias', 'CVE-2021-23337')).items)
      expect((await asked('/advisories/x_SAMPLE-CVE-2021-23337')).status).toBe(200)
      expect((await asked('/coverage')).body).toMatchObject({ tenant: 'reader', counts: { advisories: 18 } })
      expect(await asked('/advisories/none')).toMatchObject({
        status: 404,
        body: { detail: expect.stringContaining('none') },
      })
      const shown = await fetch(`${url}/`)
      expect(shown.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'sha256-/)
      expect(await shown.text()).not.toMatch(/https?:/)
      const metrics = await (await fetch(`${url}/metrics`)).text()
      expect(metrics).toMatch(/reader_requests_total\{route="\/advisories\/:id",status="404"\} 1/)
      for (const path of [
        '/advisories',
        '/advisories?alias=a&package=b',
        '/vex',
        '/advisories?nope=1',
        '/vex?product=a&limit=501',
      ]) {
        expect([path, (await asked(path)).status]).toEqual([path, 400])
      }
    } finally {
      await stop()
    }
  })

  test('has a receipt that openssl verifies', () => {
    const receipts = join(reader.home, 'receipts')
    const [name = ''] = readdirSync(receipts).filter((file) => file.endsWith('.json'))
    expect(JSON.parse(readFileSync(join(receipts, name), 'utf8'))).toMatchObject({ generation: 3, replaces: null })
    writeFileSync(join(receipts, 'sig.bin'), Buffer.from(readFileSync(join(receipts, `${name}.sig`), 'utf8'), 'base64'))
    const openssl = ['dgst', '-sha256', '-verify', '../reader.pub.pem', '-signature', 'sig.bin', name]
    expect(execFileSync('openssl', openssl, { cwd: receipts, encoding: 'utf8' })).toBe('Verified OK\n')
  })
})

describe('an import', () => {
  test('of a mirror that deltas were applied to replaces what serves, without a restart; two generations stay', async () => {
    const reader = new Reader(() => key)
    expect((await reader.import(first)).code).toBe(0)
    const { url, stop } = await reader.serve()
    try {
      const status = async () => (await fetch(`${url}/advisories/LATER-1`)).status
      expect(await status()).toBe(404)
      expect((await reader.import(second)).code).toBe(0)
      expect(await status()).toBe(200)
      expect(reader.generations().length).toBe(2)
      expect(JSON.parse((await reader.import(second)).stdout)).toMatchObject({ imported: false })
    } finally {
      await stop()
    }
  })

  test('goes on where one was killed, and runs beside no other', async () => {
    const reader = new Reader(() => key)
    const lock = join(reader.home, '.import.lock')
    // The number of a process that was killed is soon another's: in a container it is always the same.
    writeFileSync(lock, String(process.pid))
    symlinkSync('generations/none', join(reader.home, '.import-1'))
    expect((await reader.import(first)).code).toBe(0)
    expect(readdirSync(reader.home)).not.toContain('.import-1')
    const other = spawn('flock', [lock, 'sh', '-c', 'echo held; cat'])
    await once(other.stdout, 'data')
    const { code, stderr } = await reader.import(second)
    expect([code, stderr]).toEqual([8, expect.stringContaining('another import')])
    other.stdin.end()
    await once(other, 'exit')
    expect((await reader.import(second)).code).toBe(0)
  })

  test('of deltas makes the mirror that they make when they are applied elsewhere, and tells what they change', async () => {
    const reader = new Reader(() => key)
    expect((await reader.import(first)).code).toBe(0)
    expect(await reader.query('changelog')).toMatchObject({ covered: false, since: null, items: [] })
    expect((await reader.import(delta)).code).toBe(0)
    expect(JSON.parse((await reader.import(second)).stdout)).toMatchObject({ imported: false, generation: 4 })
    const added = { kind: 'advisories', change: 'added', id: 'LATER-1' }
    const told = { covered: true, mirror: { generation: 4 }, since: { generation: 3 }, items: [added] }
    expect(await reader.query('changelog')).toMatchObject(told)
    expect(await reader.query('changelog', '--kind', 'vex')).toMatchObject({ covered: true, items: [] })

    expect((await reader.import(nextDelta)).code).toBe(0)
    const gone = { kind: 'advisories', change: 'changed', id: 'LATER-1', withdrawn: GONE }
    expect(await reader.query('changelog')).toMatchObject({ since: { generation: 4 }, items: [gone] })
    const atOnce = new Reader(() => key)
    expect((await atOnce.import(first, delta, nextDelta)).code).toBe(0)
    const joined = await atOnce.query('changelog')
    expect(joined).toMatchObject({ since: { generation: 3, deltas: 2 }, items: [added, gone], next: null })
    const { content_root } = (await reader.query('coverage')) as unknown as { content_root: string }
    expect(await atOnce.query('coverage')).toMatchObject({ content_root })

    const { url, stop } = await atOnce.serve()
    try {
      const asked = async (query: string) => (await fetch(`${url}/changelog${query}`)).json()
      expect(await asked('?kind=advisories&limit=1')).toMatchObject({ items: [added], next: 1 })
      expect(await asked('?skip=1')).toMatchObject({ covered: true, items: [gone], next: null })
      expect(await asked('?kind=jars')).toMatchObject({ status: 400, detail: expect.stringContaining('advisories') })
    } finally {
      await stop()
    }
  })

  test('of deltas that do not fit is refused, and what serves serves on', async () => {
    const reader = new Reader(() => key)
    const refused = async (reason: string, ...bundles: [string, ...string[]]) => {
      const { code, stderr } = await reader.import(...bundles)
      expect([code, stderr]).toEqual([6, expect.stringContaining(reason)])
    }
    await refused('no mirror serves', delta)
    expect((await reader.import(first)).code).toBe(0)
    await refused('a delta between them is missing', nextDelta)
    await refused('a delta between them is missing', nextDelta, delta)
    await refused('is no delta', delta, second)
    const altered = join(reader.home, 'altered.tar.zst')
    const bytes = readFileSync(delta)
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1
    writeFileSync(altered, bytes)
    await refused('is not what was published', altered)
    expect((await reader.query('alias', 'CVE-2030-1')).mirror).toMatchObject({ generation: 3 })
    expect(reader.generations().length).toBe(1)
    expect((await reader.import(delta)).code).toBe(0)
    await refused('it was applied before', delta)
  })

  test('again repairs what serves and was damaged', async () => {
    const reader = new Reader(() => key)
    expect((await reader.import(first)).code).toBe(0)
    const damaged = (name: string) => writeFileSync(join(reader.home, 'active/bundle', name), 'damaged')
    for (const file of ['advisories/normalized/000000.jsonl.zst', 'indexes/advisories.index.json', 'export.json']) {
      damaged(file)
      expect(JSON.parse((await reader.import(first)).stdout)).toMatchObject({ imported: true })
      expect((await reader.query('alias', 'CVE-2021-23337')).items.length).toBe(1)
      expect(JSON.parse((await reader.import(first)).stdout)).toMatchObject({ imported: false })
    }
  })

  test('that was stopped before its receipt gets one when it is done again', async () => {
    const reader = new Reader(() => key)
    const receipts = join(reader.home, 'receipts')
    const receiptOf = ({ stdout }: { stdout: string }) => (JSON.parse(stdout) as { receipt: string | null }).receipt
    writeFileSync(receipts, 'in the way')
    expect((await reader.import(first)).code).toBe(8)
    rmSync(receipts)
    expect(receiptOf(await reader.import(first))).toContain('-3.json')
    expect(receiptOf(await reader.import(first))).toBeNull()
  })

  test('of a mirror that was limited covers no question that it was not made for', async () => {
    const reader = new Reader(() => key)
    const limited = join(tenant.directory, 'limited.tar.zst')
    await exportMirror(tenant, 'full', limited, '--package', 'pkg:npm/lodash')
    expect((await reader.import(limited)).code).toBe(0)
    expect((await reader.query('alias', 'CVE-2021-23337')).items.length).toBe(1)
    for (const question of [
      ['alias', 'CVE-2021-44228'],
      ['package', 'pkg:npm/express'],
      ['text', 'log4j'],
    ]) {
      expect(await reader.query(...question)).toMatchObject({ covered: false, items: [] })
    }
  })

  test('that would go back, is expired, of an unknown key or damaged is refused, and what serves serves on', async () => {
    const reader = new Reader(() => key)
    expect((await reader.import(second)).code).toBe(0)
    const refused = async (bundle: string, reason: string, ...options: string[]) => {
      const { code, stderr } = await reader.import(bundle, ...options)
      expect([code, stderr]).toEqual([6, expect.stringContaining(reason)])
      expect((await reader.query('alias', 'CVE-2030-1')).items.length).toBe(1)
    }
    await refused(first, 'it would go back')
    const cut = join(reader.home, 'cut.tar.zst')
    writeFileSync(cut, readFileSync(first).subarray(0, -1000))
    await refused(cut, 'is not what was published')
    const altered = join(reader.home, 'altered.tar.zst')
    const bytes = readFileSync(first)
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1
    writeFileSync(altered, bytes)
    await refused(altered, 'is not what was published')

    execFileSync(
      'openssl',
      ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', 'other.key'],
      { cwd: reader.home },
    )
    execFileSync('openssl', ['pkey', '-in', 'other.key', '-pubout', '-out', 'other.pem'], { cwd: reader.home })
    const { code, stderr } = await reader.run('import', first, '--key', join(reader.home, 'other.pem'))
    expect([code, stderr]).toEqual([6, expect.stringContaining('trusted keys')])
    expect((await reader.import(first, '--allow-rollback')).code).toBe(0)
    expect((await reader.query('alias', 'CVE-2030-1')).items).toEqual([])
  })
})

test('before the first import there is an answer that says what to do', async () => {
  const { code, stderr } = await new Reader(() => key).run('query', 'alias', 'CVE-2021-23337')
  expect([code, stderr]).toEqual([4, expect.stringContaining('stella-reader import <bundle>')])
})
