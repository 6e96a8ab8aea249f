import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { PublicKey, Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type ExportedDatabase, exportDatabase } from './support/exported-database.ts'
import { lacksJudge } from './support/judge.ts'
import { ingest, openTenant, samples, type Tenant } from './support/tenant.ts'

let stack: TestStack
let tenant: Tenant
let exported: ExportedDatabase

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'trivy')
  await ingest(tenant, join(samples, 'advisories'))
  await createProfile(tenant, {})
  exported = await exportOf(tenant)
})
afterAll(() => stack?.stop())

function createProfile(owner: Tenant, config: object, kind = 'trivy', variant = 'db'): Promise<Response> {
  const name = `trivy ${JSON.stringify(config) === '{}' ? 'db' : 'other'}`
  return owner.api('/export/profiles', { method: 'POST', body: JSON.stringify({ name, kind, variant, config }) })
}

const exportOf = (owner: Tenant, name = 'trivy') =>
  exportDatabase(owner, { profile: 'prof_trivy_db', archive: 'trivy/db.bundle', name })

const omittedIn = ({ tree }: ExportedDatabase) =>
  execFileSync('zstd', ['-dc', join(tree, 'trivy/omitted.jsonl.zst')], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, string>)

test('is a bundle like any other: named, signed and sound', async () => {
  expect(exported.manifest.content.files.map(({ path }) => path)).toEqual([
    'trivy/db.bundle',
    'trivy/omitted.jsonl.zst',
  ])
  expect(exported.manifest.content.schemas).toEqual({
    advisory: 'osv-1.7',
    'trivy-db': '2',
    'trivy-gzip': expect.stringMatching(/^zlib-rs [\d.]+, level 3$/),
    'trivy-mapping': '2',
  })
  expect(exported.manifest.content.counts).toEqual(exported.run.counts)
  expect((await tenant.stella('export', 'verify', exported.bundle)).code).toBe(0)
})

test('the database has a signature of its own, which openssl verifies, and whose change is found', async () => {
  const { tree } = exported
  const { keys } = (await (await tenant.api('/export/keys')).json()) as { keys: PublicKey[] }
  const signature = join(tree, 'signatures/trivy-db.sig')
  writeFileSync(join(tree, 'key.pem'), keys[0]?.pem ?? '')
  writeFileSync(join(tree, 'sig.der'), Buffer.from(readFileSync(signature, 'utf8'), 'base64'))
  const openssl = ['dgst', '-sha256', '-verify', 'key.pem', '-signature', 'sig.der', 'trivy/db.bundle']
  expect(execFileSync('openssl', openssl, { cwd: tree, encoding: 'utf8' })).toBe('Verified OK\n')

  const folder = join(tenant.directory, 'altered')
  mkdirSync(folder)
  execFileSync('tar', ['--zstd', '-xf', exported.bundle, '-C', folder])
  const verify = () => tenant.stella('export', 'verify', folder)
  expect((await verify()).code).toBe(0)
  execFileSync('cp', [join(folder, 'signatures/export.sig'), join(folder, 'signatures/trivy-db.sig')])
  const altered = await verify()
  expect([altered.code, altered.stdout + altered.stderr]).toEqual([6, expect.stringContaining('trivy/db.bundle')])
  execFileSync('rm', [join(folder, 'signatures/trivy-db.sig')])
  const absent = await verify()
  expect([absent.code, absent.stdout + absent.stderr]).toEqual([6, expect.stringContaining('signatures/trivy-db.sig')])
})

test('stella trivy install puts it where Trivy looks for it, stamped with the time', async () => {
  const cache = join(tenant.directory, 'cache')
  const install = (...args: string[]) =>
    tenant.stella('trivy', 'install', exported.bundle, '--cache-dir', cache, ...args)
  const before = Date.now()
  const installed = await install()
  expect([installed.code, installed.stdout]).toEqual([0, expect.stringContaining(join(cache, 'db/trivy.db'))])
  const bytes = (folder: string, name: string) => readFileSync(join(folder, name))
  expect(bytes(join(cache, 'db'), 'trivy.db').equals(bytes(exported.database, 'trivy.db'))).toBe(true)
  const metadata = (folder: string) => JSON.parse(bytes(folder, 'metadata.json').toString()) as Record<string, string>
  const { DownloadedAt, ...others } = metadata(join(cache, 'db'))
  const { DownloadedAt: _, ...published } = metadata(exported.database)
  expect(others).toEqual(published)
  expect(Date.parse(DownloadedAt ?? '')).toBeGreaterThanOrEqual(before - 1)
  expect(readdirSync(join(cache, 'db')).sort()).toEqual(['metadata.json', 'trivy.db'])

  expect((await install('--key', join(exported.tree, 'export.json'))).code).toBe(2)
  const changed = readFileSync(exported.bundle)
  changed[changed.length >> 1] = (changed[changed.length >> 1] ?? 0) ^ 1
  writeFileSync(join(tenant.directory, 'changed.tar.zst'), changed)
  const refused = await tenant.stella(
    'trivy',
    'install',
    join(tenant.directory, 'changed.tar.zst'),
    '--cache-dir',
    cache,
  )
  expect(refused.code).toBe(6)
  expect(bytes(join(cache, 'db'), 'trivy.db').equals(bytes(exported.database, 'trivy.db'))).toBe(true)
})

test('metadata.json says when its evidence is of, and until when Trivy takes it for new', async () => {
  const { ledger_time: time } = exported.manifest.content
  const metadata = readFileSync(join(exported.database, 'metadata.json'), 'utf8')
  const next = new Date(Date.parse(time) + 30 * 86_400_000).toISOString().replace('.000Z', 'Z')
  expect(metadata).toBe(`{"Version":2,"NextUpdate":"${next}","UpdatedAt":"${time}","DownloadedAt":"${time}"}\n`)
})

test('what has no place is listed with its reason', async () => {
  expect(omittedIn(exported).map(({ id, ecosystem, package: name, reason }) => [id, ecosystem, name, reason])).toEqual([
    ['x_SAMPLE-CVE-2014-0160-debian', 'Debian:7', 'openssl', 'bounds'],
    ['x_SAMPLE-CVE-2023-5129', 'PyPI', 'pillow', 'withdrawn'],
    ['x_SAMPLE-CVE-2024-3094', 'Debian:13', 'xz-utils', 'bounds'],
  ])
})

test('equal evidence, ingested in another order and another batch, gives equal files', async () => {
  const other = await openTenant(stack, 'trivy-again')
  await ingest(other, join(samples, 'advisories', 'pypi-jinja2.yaml'), join(samples, 'advisories', 'maven.jsonl'))
  await ingest(other, join(samples, 'advisories'))
  await createProfile(other, {})
  const again = await exportOf(other)
  const bytes = ({ database }: ExportedDatabase) => readFileSync(join(database, 'trivy.db'))
  expect(bytes(again).equals(bytes(exported))).toBe(true)
  const twice = await exportOf(tenant, 'twice')
  expect(twice.manifest.content.content_root).toBe(exported.manifest.content.content_root)
})

test('a database that would call everything clean is refused, unless it is asked for', async () => {
  const empty = await openTenant(stack, 'trivy-empty')
  await ingest(empty, join(samples, 'advisories', 'pypi-pillow-withdrawn.json'))
  await createProfile(empty, {})
  const refused = await empty.stella('export', 'run', 'create', '--profile', 'prof_trivy_db', '--wait')
  expect([refused.code, refused.stderr]).toEqual([
    expect.any(Number),
    expect.stringContaining('would call everything clean'),
  ])
  expect(refused.code).not.toBe(0)
  await createProfile(empty, { trivy: { allow_empty: true } })
  const wanted = await empty.json<Run>('export', 'run', 'create', '--profile', 'prof_trivy_other', '--wait')
  expect(wanted.state).toBe('succeeded')
})

test.each([
  [{ sharding: { max_bytes: 1_000_000 } }, 'trivy', 'db', /a database is one file/],
  [{ filters: { include: ['vex'] } }, 'trivy', 'db', /vex: a profile of this kind and variant takes advisories/],
  [{ trivy: { validity_days: 0 } }, 'trivy', 'db', /validity_days/],
  [{ trivy: { schema: 3 } }, 'trivy', 'db', /of this database the mapping knows Trivy's schema 2 alone/],
  [{ trivy: { schema: 2 } }, 'trivy', 'java-db', /of this database the mapping knows Trivy's schema 1 alone/],
  [{ trivy: {} }, 'json', 'raw', /for profiles of kind trivy/],
  [{}, 'trivy', 'raw', /of kind trivy there is db/],
  [{}, 'json', 'db', /of kind json there is raw/],
])('a profile %j of %s:%s is refused, saying why', async (config, kind, variant, reason) => {
  const answer = await createProfile(tenant, config, kind, variant)
  expect([answer.status, ((await answer.json()) as { detail: string }).detail]).toEqual([
    400,
    expect.stringMatching(reason),
  ])
})

describe.skipIf(lacksJudge('bbolt', 'go install go.etcd.io/bbolt/cmd/bbolt@v1.5.0'))('to bbolt', () => {
  test('trivy.db is sound', () => {
    expect(execFileSync('bbolt', ['check', join(exported.database, 'trivy.db')], { encoding: 'utf8' })).toBe('OK\n')
  })
})
