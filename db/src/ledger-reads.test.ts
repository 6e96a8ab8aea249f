import { createHash } from 'node:crypto'
import type { Filters } from '@stella/contracts'
import { byteOrder, type Scope } from '@stella/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { documentsQuery } from './documents-query.ts'
import { kindExtent } from './kind-extent.ts'
import { ledgerHead } from './ledger-head.ts'
import { rangeQuery } from './range-query.ts'
import { coverage, ingestInputs } from './scope-sources.ts'
import { advisory, merge, sbom, sha256, vex } from './testing/evidence.ts'
import { keysOf, planOfQuery, rowsOf } from './testing/read-query.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'
import { withTenant } from './with-tenant.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

const scopeOf = (tenantId: string, ledgerRevision: number, filters: Filters = {}): Scope => ({
  tenantId,
  ledgerRevision,
  filters,
})

describe('selectors', () => {
  const tenantId = 'selectors'

  beforeAll(async () => {
    const at = '2025-01-15T00:00:00Z'
    await merge(database, {
      tenantId,
      documents: [
        advisory('NPM', at, 'x', ['ecosystem=npm', 'package_any=pkg:npm/%40a/b']),
        advisory('PYPI', '2025-02-01T00:00:00Z', 'x', ['ecosystem=pypi', 'package_any=pkg:pypi/x']),
        advisory('DEB', at, 'x', ['ecosystem=debian', 'ecosystem=debian:12', 'package_any=pkg:deb/debian/curl']),
        {
          ...sbom('S-1', 'app', 'one', {
            selectors: ['package=pkg:npm/%40a/b', 'package_version=pkg:npm/%40a/b@1.0.0', 'product=my app'],
          }),
        },
        {
          ...sbom('S-2', 'img', 'two', {
            selectors: ['product=pkg:oci/Img@sha256:ab', 'image_digest=sha256:ab', 'repository=ghcr.io/x', 'tag=v1'],
          }),
        },
        {
          kind: 'advisory',
          key: 'UNDATED',
          modified: null,
          raw: 'undated',
          records: [{ key: 'UNDATED', body: '{}', modified: null }],
        },
      ],
    })
  })

  const all = ['DEB', 'NPM', 'PYPI', 'UNDATED']
  const everything = [all, ['S-1', 'S-2']]
  test.each<[string, Filters, string[][]]>([
    ['nothing', {}, everything],
    ['time, from inclusive', { time_from: '2025-01-15T00:00:00Z' }, [['DEB', 'NPM', 'PYPI'], []]],
    [
      'time, to exclusive',
      { time_from: '2025-01-15T01:00:00+01:00', time_to: '2025-02-01T00:00:00Z' },
      [['DEB', 'NPM'], []],
    ],
    ['ecosystems by OR', { ecosystems: ['NPM', 'PyPI'] }, [['NPM', 'PYPI'], []]],
    [
      'without an ecosystem',
      { exclude_ecosystems: ['Debian', 'NPM'] },
      [
        ['PYPI', 'UNDATED'],
        ['S-1', 'S-2'],
      ],
    ],
    ['of two, without one', { ecosystems: ['npm', 'debian:12'], exclude_ecosystems: ['debian'] }, [['NPM'], []]],
    ['ecosystem with release', { ecosystems: ['Debian:12'] }, [['DEB'], []]],
    ['package without version', { packages: ['pkg:npm/@a/b'] }, [['NPM'], ['S-1']]],
    ['package with version', { packages: ['pkg:npm/@a/b@1.0.0'] }, [['NPM'], ['S-1']]],
    ['package with another version', { packages: ['pkg:npm/@a/b@2.0.0'] }, [['NPM'], []]],
    ['packages, mixed', { packages: ['pkg:npm/@a/b@2.0.0', 'pkg:PyPI/X'] }, [['NPM', 'PYPI'], []]],
    ['product by name', { products: ['My App'] }, [[], ['S-1']]],
    ['product by purl', { products: ['pkg:oci/Img@sha256%3Aab'] }, [[], ['S-2']]],
    ['image digest', { image_digests: ['sha256:ab'] }, [[], ['S-2']]],
    ['repository and tag by AND', { repositories: ['ghcr.io/X'], tags: ['V1'] }, [[], ['S-2']]],
    ['repository and another tag', { repositories: ['ghcr.io/x'], tags: ['v2'] }, [[], []]],
    ['hostile values', { products: ["' or true --", '\\'], tags: ["\\'"] }, [[], []]],
  ])('%s', async (_, filters, [advisories, sboms]) => {
    expect(await keysOf(database, scopeOf(tenantId, 1, filters), 'advisory')).toEqual(advisories)
    expect(await keysOf(database, scopeOf(tenantId, 1, filters), 'sbom')).toEqual(sboms)
    const extent = (kind: 'advisory' | 'sbom') =>
      withTenant(database, tenantId, (tx) =>
        kindExtent(tx, { scope: scopeOf(tenantId, 1, filters), kind, rangeRecords: 1 }),
      )
    expect(await extent('advisory')).toMatchObject({ records: advisories?.length, starts: advisories })
    expect(await extent('sbom')).toMatchObject({
      records: sboms?.length,
      starts: sboms,
      bytes: (sboms?.length ?? 0) * 3,
    })
  })
})

test('a past revision reads as it was', async () => {
  const tenantId = 'past'
  await merge(database, {
    tenantId,
    documents: [advisory('A', '2025-01-01T00:00:00Z', 'old'), vex('d', 1, { s: 'S', t: 'T' })],
  })
  await merge(database, {
    tenantId,
    documents: [advisory('A', '2025-01-02T00:00:00Z', 'new'), advisory('B', '2025-01-01T00:00:00Z')],
  })
  await merge(database, { tenantId, documents: [vex('d', 2, { s: 'S' })] })
  expect((await withTenant(database, tenantId, (tx) => ledgerHead(tx, { tenantId }))).revision).toBe(3)
  expect(await keysOf(database, scopeOf(tenantId, 0), 'advisory')).toEqual([])
  expect(await keysOf(database, scopeOf(tenantId, 1), 'advisory')).toEqual(['A'])
  expect(await keysOf(database, scopeOf(tenantId, 2), 'advisory')).toEqual(['A', 'B'])
  expect(await keysOf(database, scopeOf(tenantId, 2), 'vex')).toEqual(['d#s:S@1', 'd#t:T@1'])
  expect(await keysOf(database, scopeOf(tenantId, 3), 'vex')).toEqual(['d#s:S@2'])
  const [old] = await rowsOf<{ body: string }>(
    database,
    tenantId,
    rangeQuery(scopeOf(tenantId, 1), 'advisory', { from: null, to: null }),
  )
  expect(old?.body).toContain('old')
  expect(
    await rowsOf(database, 'other', rangeQuery(scopeOf(tenantId, 3), 'advisory', { from: null, to: null })),
  ).toEqual([])
})

test('ranges follow the bytes of keys, and meet without gap or overlap', async () => {
  const tenantId = 'ranges'
  const keys = ['a', 'B', 'é', '\u{1F600}', '\uFF5E', "it's", 'back\\slash', 'z-1', 'Z-1'].sort(byteOrder)
  await merge(database, { tenantId, documents: keys.toReversed().map((key) => advisory(key, '2025-01-01T00:00:00Z')) })
  const scope = scopeOf(tenantId, 1)
  const extent = await withTenant(database, tenantId, (tx) =>
    kindExtent(tx, { scope, kind: 'advisory', rangeRecords: 2 }),
  )
  expect(extent.starts).toEqual(keys.filter((_, at) => at % 2 === 0))
  const read: string[][] = []
  for (const [at, from] of extent.starts.entries()) {
    const rows = await rowsOf<{ record_key: string }>(
      database,
      tenantId,
      rangeQuery(scope, 'advisory', { from, to: extent.starts[at + 1] ?? null }),
    )
    read.push(rows.map((row) => row.record_key))
  }
  expect(read.flat()).toEqual(keys)
  expect(Math.max(...read.map((range) => range.length))).toBe(2)
})

test('folders of one name are told apart by digest, whatever the range', async () => {
  const tenantId = 'folders'
  const documents = [sbom('S-1', 'app_1', 'one'), sbom('S-2', 'app_1', 'two'), sbom('S-3', 'img', 'three')]
  await merge(database, { tenantId, documents })
  const scope = scopeOf(tenantId, 1)
  const rows = await rowsOf(database, tenantId, documentsQuery(scope, { from: null, to: null }))
  const folder = (text: string) => `app_1~${sha256(text).slice(0, 32)}`
  expect(rows).toMatchObject([
    { record_key: 'S-1', folder: folder('one'), file_name: 'sbom.cdx.json', content: Buffer.from('one') },
    { record_key: 'S-2', folder: folder('two'), artifact_sha256: Buffer.from(sha256('two'), 'hex') },
    { record_key: 'S-3', folder: 'img' },
  ])
  expect(await rowsOf(database, tenantId, documentsQuery(scope, { from: 'S-2', to: 'S-3' }))).toEqual(rows.slice(1, 2))
})

test('coverage() and ingestInputs() name the sources of a scope', async () => {
  const tenantId = 'sources'
  const batches = [
    {
      sourceUri: 'https://b.example',
      documents: [advisory('A', '2025-01-02T00:00:00Z'), advisory('B', '2025-01-01T00:00:00Z')],
    },
    {
      sourceUri: 'https://B.example',
      documents: [advisory('C', '2025-01-01T00:00:00Z'), vex('d', 1, { s: '1', t: '2' })],
    },
    { sourceUri: null, documents: [sbom('S', 'app', 'x')] },
    { sourceUri: 'https://b.example', documents: [advisory('D', '2025-01-03T00:00:00Z')] },
  ]
  for (const batch of batches) await merge(database, { tenantId, ...batch })
  const scope = scopeOf(tenantId, 4)
  const [sources, all, latest] = await withTenant(database, tenantId, async (tx) => [
    await coverage(tx, { scope }),
    await ingestInputs(tx, { scope, limit: 10 }),
    await ingestInputs(tx, { scope, limit: 1 }),
  ])
  expect(sources.map(({ fetched_at: _, ...rest }) => rest)).toEqual([
    { source: 'https://B.example', records: 3, newest_record: '2025-01-01T00:00:00.000Z' },
    { source: 'https://b.example', records: 3, newest_record: '2025-01-03T00:00:00.000Z' },
    { source: 'urn:stella:unknown', records: 1, newest_record: null },
  ])
  expect(sources[0]?.fetched_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  const digestOf = (at: number) => {
    const digests = (batches[at]?.documents ?? [])
      .map(({ raw }) => Buffer.from(sha256(raw), 'hex'))
      .sort(Buffer.compare)
    return createHash('sha256').update(Buffer.concat(digests)).digest('hex')
  }
  expect(all.omitted).toBe(0)
  expect(all.inputs).toHaveLength(batches.length)
  expect(all.inputs.slice(0, 2)).toMatchObject([
    { sourceUri: 'https://b.example', revision: 1, artifacts: 2, sha256: digestOf(0) },
    { sourceUri: 'https://B.example', revision: 2, artifacts: 2, sha256: digestOf(1) },
  ])
  expect(latest).toEqual({ inputs: all.inputs.slice(-1), omitted: batches.length - 1 })
  const sboms = await withTenant(database, tenantId, (tx) =>
    coverage(tx, { scope: scopeOf(tenantId, 4, { include: ['sboms'] }) }),
  )
  expect(sboms.map(({ source }) => source)).toEqual(['urn:stella:unknown'])
})

test('ledgerHead() of an empty ledger stands at the epoch; afterwards it has the time of the revision, in whole seconds', async () => {
  const tenantId = 'head'
  const head = () => withTenant(database, tenantId, (tx) => ledgerHead(tx, { tenantId }))
  expect(await head()).toEqual({ revision: 0, time: '1970-01-01T00:00:00Z' })
  await merge(database, { tenantId, documents: [advisory('A', '2025-01-01T00:00:00Z')], sourceUri: 'https://x' })
  expect((await head()).time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
})

test('the SQL of ranges', () => {
  const filters: Filters = {
    time_from: '2025-01-01T00:00:00.000Z',
    time_to: '2025-02-01T00:00:00.000Z',
    products: ['pkg:deb/Debian/Curl@1?arch=x', "O'Reilly"],
    ecosystems: ['npm', 'pypi'],
    exclude_ecosystems: ['debian'],
    packages: ['pkg:npm/a', 'pkg:npm/b@1'],
    image_digests: ['sha256:ab'],
    repositories: ['r'],
    tags: ['t'],
  }
  expect(rangeQuery(scopeOf('acme', 7), 'vex', { from: 'a', to: null })).toMatchSnapshot('a range')
  expect(rangeQuery(scopeOf('acme', 7, filters), 'advisory', { from: "it's", to: 'back\\slash' })).toMatchSnapshot(
    'every filter',
  )
  expect(documentsQuery(scopeOf('acme', 7), { from: null, to: 'x' })).toMatchSnapshot('documents')
  expect(() => rangeQuery(scopeOf('a\0b', 7), 'vex', { from: null, to: null })).toThrow(TypeError)
  expect(() => rangeQuery(scopeOf('acme', 0.5), 'vex', { from: null, to: null })).toThrow(RangeError)
})

test.each([true, false])(
  'ranges and selectors are read by index as the login role, with statistics: %s',
  async (analyzed) => {
    const tenantId = `indexed-${analyzed}`
    const documents = Array.from({ length: 3000 }, (_, at) =>
      advisory(`K-${String(at).padStart(5, '0')}`, '2025-01-01T00:00:00Z', 'x'.repeat(1500), [
        `package_any=pkg:npm/p${at}`,
        'ecosystem=npm',
      ]),
    )
    await merge(database, { tenantId, documents })
    if (analyzed) await database.owner`analyze`
    const byRange = await planOfQuery(
      database,
      tenantId,
      rangeQuery(scopeOf(tenantId, 1), 'advisory', { from: 'K-00100', to: 'K-00200' }),
    )
    expect(byRange).toMatch(
      /Index Scan using records_key[\s\S]*Index Cond: \(\(tenant_id = .*record_key >= 'K-00100'.*record_key < 'K-00200'/,
    )
    expect(byRange).not.toContain('Seq Scan')
    for (const value of ['pkg:npm/p7', 'pkg:npm/p7@1']) {
      const narrow = scopeOf(tenantId, 1, { packages: [value] })
      const bySelector = await planOfQuery(database, tenantId, rangeQuery(narrow, 'advisory', { from: null, to: null }))
      expect(bySelector).toMatch(/record_selectors_pkey[\s\S]*Index Cond: \(\(tenant_id = .*selector = /)
      expect(bySelector).not.toContain('Seq Scan')
    }
  },
)
