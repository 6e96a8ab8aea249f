import type { Filters } from '@stella/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { ecosystemExtents } from './ecosystem-extents.ts'
import { advisory, merge, sbom } from './testing/evidence.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'
import { withTenant } from './with-tenant.ts'

const tenantId = 'acme'
const AT = '2025-01-01T00:00:00Z'
let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  const of = (key: string, ...names: string[]) =>
    advisory(
      key,
      AT,
      'x',
      names.map((name) => `ecosystem=${name}`),
    )
  const documents = [
    of('A', 'npm'),
    of('B', 'npm', 'pypi'),
    of('C', 'debian', 'debian:12'),
    of('D', 'unheard-of'),
    of('E'),
    sbom('S', 'app', 'yyy', { selectors: ['ecosystem=npm', 'package=pkg:npm/a'] }),
  ]
  await merge(database, { tenantId, documents })
  await merge(database, { tenantId, documents: [of('F', 'pypi')] })
  await merge(database, { tenantId: 'other', documents: [of('X', 'npm')] })
})
afterAll(() => database.close())

async function recordsOf(names: readonly string[], filters: Filters = {}, ledgerRevision = 1) {
  const scope = { tenantId, ledgerRevision, filters }
  const query = { scope, names }
  const extents = await withTenant(database, tenantId, (tx) => ecosystemExtents(tx, query))
  return extents.map(({ ecosystem, records }) => [ecosystem, records])
}

test.each<[string[], (string | number | null)[][]]>([
  [
    ['npm'],
    [
      ['npm', 3],
      [null, 3],
    ],
  ],
  [
    ['npm', 'PyPI'],
    [
      ['npm', 3],
      ['PyPI', 0],
      [null, 3],
    ],
  ],
  [
    ['pypi', 'npm'],
    [
      ['pypi', 1],
      ['npm', 2],
      [null, 3],
    ],
  ],
  [
    ['Debian:12', 'debian', 'hex'],
    [
      ['Debian:12', 1],
      ['debian', 0],
      ['hex', 0],
      [null, 5],
    ],
  ],
])('%j: a record counts once, for the first that it is of', async (names, extents) => {
  expect(await recordsOf(names)).toEqual(extents)
})

test('filters and the revision bound what is counted, and bytes are those of the records', async () => {
  expect(await recordsOf(['pypi'], {}, 2)).toEqual([
    ['pypi', 2],
    [null, 5],
  ])
  expect(await recordsOf(['npm'], { exclude_ecosystems: ['pypi'] })).toEqual([
    ['npm', 2],
    [null, 3],
  ])
  const scope = { tenantId, ledgerRevision: 1, filters: { include: ['sboms' as const] } }
  const query = { scope, names: ['npm'], withDocuments: false }
  expect(await withTenant(database, tenantId, (tx) => ecosystemExtents(tx, query))).toEqual([
    { ecosystem: 'npm', records: 1, bytes: 3 },
    { ecosystem: null, records: 0, bytes: 0 },
  ])
})
