import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { IngestSummary, PublicKey, Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type ExportedDatabase, exportDatabase } from './support/exported-database.ts'
import { lacksJudge } from './support/judge.ts'
import { openTenant, post, type Tenant } from './support/tenant.ts'

const sha1 = (digit: string) => digit.repeat(40)
const hash = (digit: string) => [{ alg: 'SHA-1', content: sha1(digit) }]
const CYCLONEDX = {
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  serialNumber: 'urn:uuid:5f1b6a52-8d09-4f0b-9d5e-1d1f6a0f3c11',
  version: 1,
  metadata: { component: { type: 'application', name: 'shop', purl: 'pkg:maven/org.shop/shop@3', hashes: hash('9') } },
  components: [
    { type: 'library', name: 'core', purl: 'pkg:maven/org.a/core@1.0?type=jar', hashes: hash('A') },
    { type: 'library', name: 'parent', purl: 'pkg:maven/org.a/parent@1?type=pom', hashes: hash('b') },
    { type: 'library', name: 'silent', purl: 'pkg:maven/org.a/silent@1' },
    { type: 'library', name: 'left-pad', purl: 'pkg:npm/left-pad@1.3.0', hashes: hash('c') },
  ],
}
const SPDX = {
  spdxVersion: 'SPDX-2.3',
  SPDXID: 'SPDXRef-DOCUMENT',
  dataLicense: 'CC0-1.0',
  name: 'shop',
  documentNamespace: 'https://example.test/shop',
  creationInfo: { created: '2025-01-01T00:00:00Z', creators: ['Tool: test'] },
  packages: [
    {
      SPDXID: 'SPDXRef-web',
      name: 'web',
      downloadLocation: 'NOASSERTION',
      externalRefs: [
        {
          referenceCategory: 'PACKAGE-MANAGER',
          referenceType: 'purl',
          referenceLocator: 'pkg:maven/org.b/web@2?type=war',
        },
      ],
      checksums: [{ algorithm: 'SHA1', checksumValue: sha1('d') }],
    },
  ],
}
const INDEX = [
  `org.a\tcore\t1.0\t-\t${sha1('a')}`,
  `org.a\tcore\t1.1\tsources\t${sha1('e')}`,
  `org.z\tcopy\t7\t-\t${sha1('a')}`,
  'org.z\tunknown\t1\t-\tN/A',
  'no row of an index',
].join('\n')
const ROWS = [
  ['org.a', 'core', '1.0', sha1('a')],
  ['org.a', 'core', '1.1', sha1('e')],
  ['org.b', 'web', '2', sha1('d')],
  ['org.shop', 'shop', '3', sha1('9')],
]

let stack: TestStack
let tenant: Tenant
let exported: ExportedDatabase

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'java-db')
  await post(tenant, JSON.stringify(CYCLONEDX))
  await post(tenant, JSON.stringify(SPDX))
  const index = join(tenant.directory, 'index.tsv')
  writeFileSync(index, INDEX)
  const summary = await tenant.json<IngestSummary>('ingest', '--format', 'maven-index', index)
  expect([summary.new, summary.refused]).toEqual([
    4,
    [
      {
        source: expect.stringContaining('index.tsv:5'),
        position: '5:1',
        reason: expect.stringContaining('a row has 5 columns'),
      },
    ],
  ])
  await createProfile(tenant, {})
  exported = await exportOf(tenant)
})
afterAll(() => stack?.stop())

function createProfile(owner: Tenant, config: object): Promise<Response> {
  const profile = { name: 'java db', kind: 'trivy', variant: 'java-db', config }
  return owner.api('/export/profiles', { method: 'POST', body: JSON.stringify(profile) })
}

const exportOf = (owner: Tenant, name = 'java-db') =>
  exportDatabase(owner, { profile: 'prof_java_db', archive: 'trivy/java-db.bundle', name })

const bytesOf = ({ database }: ExportedDatabase) => readFileSync(join(database, 'trivy-java.db'))

test('is a bundle like any other: named, counted, signed and sound', async () => {
  const { manifest, run, tree, bundle } = exported
  expect(manifest.content.files.map(({ path }) => path)).toEqual(['trivy/java-db.bundle', 'trivy/omitted.jsonl.zst'])
  expect(manifest.content.counts).toEqual({ advisories: 0, vex: 0, sboms: 2, jars: 4 })
  expect(run.counts).toEqual(manifest.content.counts)
  expect(manifest.content.schemas).toEqual({
    sbom: 'sbom-graph-1',
    jar: 'maven-jar-1',
    'trivy-java-db': '1',
    'trivy-java-mapping': '1',
    'trivy-gzip': expect.stringMatching(/^zlib-rs/),
    'trivy-sqlite': expect.stringMatching(/^3\.\d+\.\d+$/),
  })
  expect((await tenant.stella('export', 'verify', bundle)).code).toBe(0)

  const { keys } = (await (await tenant.api('/export/keys')).json()) as { keys: PublicKey[] }
  writeFileSync(join(tree, 'key.pem'), keys[0]?.pem ?? '')
  const signature = readFileSync(join(tree, 'signatures/trivy-db.sig'), 'utf8')
  writeFileSync(join(tree, 'sig.der'), Buffer.from(signature, 'base64'))
  const openssl = ['dgst', '-sha256', '-verify', 'key.pem', '-signature', 'sig.der', 'trivy/java-db.bundle']
  expect(execFileSync('openssl', openssl, { cwd: tree, encoding: 'utf8' })).toBe('Verified OK\n')
})

describe.skipIf(lacksJudge('sqlite3', 'apt-get install sqlite3'))('to sqlite3', () => {
  const query = (sql: string) =>
    execFileSync('sqlite3', ['-json', join(exported.database, 'trivy-java.db'), sql], { encoding: 'utf8' })

  test('it is sound, and holds what SBOMs and index state', () => {
    expect(JSON.parse(query('pragma integrity_check'))).toEqual([{ integrity_check: 'ok' }])
    const rows = query(`select group_id, a.artifact_id as name, version, lower(hex(sha1)) as sha1, archive_type
      from indices i join artifacts a on a.id = i.artifact_id order by i.rowid`)
    expect(JSON.parse(rows)).toEqual(
      ROWS.map(([group_id, name, version, digest]) => ({ group_id, name, version, sha1: digest, archive_type: 'jar' })),
    )
  })
})

test('what has no place is listed with its reason', () => {
  const lines = execFileSync('zstd', ['-dc', join(exported.tree, 'trivy/omitted.jsonl.zst')], { encoding: 'utf8' })
  const told = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; package?: string; reason: string })
  expect(told.map((line) => [line.package ?? line.id, line.reason])).toEqual([
    [`org.z:copy:7::${sha1('a')}`, 'same-sha1'],
    ['org.z:unknown:1', 'no-sha1'],
    ['pkg:maven/org.a/parent@1?type=pom', 'pom'],
    ['pkg:maven/org.a/silent@1', 'no-sha1'],
  ])
})

test('metadata.json is of schema 1, and says until when it counts as new', () => {
  const { ledger_time: time } = exported.manifest.content
  const next = new Date(Date.parse(time) + 30 * 86_400_000).toISOString().replace('.000Z', 'Z')
  expect(readFileSync(join(exported.database, 'metadata.json'), 'utf8')).toBe(
    `{"Version":1,"NextUpdate":"${next}","UpdatedAt":"${time}","DownloadedAt":"${time}"}\n`,
  )
})

test('stella trivy install puts it where Trivy looks for it', async () => {
  const cache = join(tenant.directory, 'cache')
  const installed = await tenant.stella('trivy', 'install', exported.bundle, '--cache-dir', cache)
  expect([installed.code, installed.stdout]).toEqual([0, expect.stringContaining('java-db/trivy-java.db')])
  expect(readdirSync(join(cache, 'java-db')).sort()).toEqual(['metadata.json', 'trivy-java.db'])
  expect(readFileSync(join(cache, 'java-db/trivy-java.db')).equals(bytesOf(exported))).toBe(true)
})

test('equal evidence, ingested in another order and twice, gives the same bytes', async () => {
  const other = await openTenant(stack, 'java-db-again')
  const reversed = INDEX.split('\n').reverse().join('\n')
  expect((await post(other, reversed, '?format=maven-index')).summary).toMatchObject({ new: 4 })
  expect((await post(other, INDEX, '?format=maven-index')).summary).toMatchObject({ new: 0, unchanged: 4 })
  await post(other, `${JSON.stringify(SPDX)}\n${JSON.stringify(CYCLONEDX)}`)
  await createProfile(other, {})
  const again = await exportOf(other)
  expect(bytesOf(again).equals(bytesOf(exported))).toBe(true)
})

test('a filter by package takes its JARs and the SBOMs that name it', async () => {
  const filters = ['--package', 'pkg:maven/org.z/copy']
  const run = await tenant.json<Run>('export', 'run', 'create', '--profile', 'prof_java_db', ...filters, '--wait')
  expect(run.counts).toEqual({ advisories: 0, vex: 0, sboms: 0, jars: 1 })
})

test('a database that knows no JAR is refused, and so are other groups of record', async () => {
  const run = await tenant.stella(
    'export',
    'run',
    'create',
    '--profile',
    'prof_java_db',
    '--ecosystem',
    'npm',
    '--to',
    '2000-01-01',
    '--wait',
  )
  expect([run.code, run.stderr]).toEqual([expect.any(Number), expect.stringContaining('no JAR has a place')])
  expect(run.code).not.toBe(0)
  const answer = await createProfile(tenant, { filters: { include: ['advisories'] } })
  expect([answer.status, ((await answer.json()) as { detail: string }).detail]).toEqual([
    400,
    expect.stringContaining('advisories: a profile of this kind and variant takes jars, sboms'),
  ])
})

test('the ledger streams what an index states, and an export of JSON lines leaves it out', async () => {
  const lines = (await (await tenant.api('/ledger/jars')).text()).trim().split('\n')
  const [first] = lines.map((line) => JSON.parse(line) as { key: string; record: object })
  expect([lines.length, first]).toEqual([
    5,
    expect.objectContaining({
      kind: 'jar',
      key: `org.a:core:1.0::${sha1('a')}`,
      record: { artifact_id: 'core', group_id: 'org.a', sha1: sha1('a'), version: '1.0' },
    }),
  ])
  await tenant.api('/export/profiles', {
    method: 'POST',
    body: JSON.stringify({ name: 'raw', kind: 'json', variant: 'raw' }),
  })
  const run = await tenant.json<Run>('export', 'run', 'create', '--profile', 'prof_raw', '--wait')
  expect(run.counts).toEqual({ advisories: 0, vex: 0, sboms: 2 })
})
