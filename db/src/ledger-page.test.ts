import { createHash } from 'node:crypto'

import { type LedgerLineHead, ledgerLine, STREAM_PAGE_BYTES, STREAM_PAGE_RECORDS } from '@stella/contracts'
import type { Scope } from '@stella/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { artifactSlice } from './artifact-slice.ts'
import { type LedgerPageQuery, ledgerPage } from './ledger-page.ts'
import { ledgerState, listRevisions } from './ledger-revisions.ts'
import { advisory, merge, problemOf, sbom, sha256, type TestDocument } from './testing/evidence.ts'
import { keysOf, rowsOf } from './testing/read-query.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'
import { withTenant } from './with-tenant.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

type Line = LedgerLineHead & { record: Record<string, unknown> }

/** All pages of a stream, and the lines in them. */
async function read(scope: Scope, change: Partial<LedgerPageQuery> = {}) {
  const pages = []
  const query = { scope, group: 'advisories' as const, after: null, from: null, to: null, limit: 1e6, ...change }
  for (let after = query.after; ; ) {
    const page = await withTenant(database, scope.tenantId, (tx) => ledgerPage(tx, { ...query, after }))
    pages.push(page)
    if (page.last) break
    after = page.lastKey
  }
  const texts = pages.flatMap(({ lines }) => lines.split('\n').slice(0, -1))
  return { pages, texts, lines: texts.map((text) => ledgerLine.parse(JSON.parse(text)) as Line) }
}

const scopeOf = (tenantId: string, ledgerRevision: number, filters = {}): Scope => ({
  tenantId,
  ledgerRevision,
  filters,
})

describe('ledgerPage()', () => {
  const tenantId = 'pages'
  const odd = 'quote " \\ tab \t and 😀,"record":'

  beforeAll(async () => {
    const documents = [
      advisory('b', '2025-01-01T00:00:00.123456Z'),
      advisory(odd, '2025-01-02T00:00:00Z'),
      advisory('\u{1f600}', '2025-01-03T00:00:00Z'),
      advisory('\uff5e', '2025-01-03T00:00:00Z'),
    ]
    await merge(database, { tenantId, documents, sourceUri: 'https://example.test/a?x="1"' })
    await merge(database, { tenantId, documents: [advisory('b', '2025-02-01T00:00:00Z', 'second')] })
  })

  test('gives the records as of a revision, by the bytes of their keys', async () => {
    const first = await read(scopeOf(tenantId, 1))
    expect(first.lines.map(({ key }) => key)).toEqual(['b', odd, '\uff5e', '\u{1f600}'])
    expect(first.lines[0]).toMatchObject({
      kind: 'advisory',
      revision: 1,
      source: 'https://example.test/a?x="1"',
      record: { text: 'text' },
    })
    const second = await read(scopeOf(tenantId, 2))
    expect(second.lines[0]).toMatchObject({
      revision: 2,
      source: 'urn:stella:unknown',
      modified: '2025-02-01T00:00:00.000000Z',
      record: { text: 'second' },
    })
    expect((await read(scopeOf(tenantId, 0))).texts).toEqual([])
  })

  test('embeds each body byte for byte, after the first ,"record": of its line', async () => {
    const stored = await rowsOf<{ record_key: string; body: string }>(
      database,
      tenantId,
      'select record_key, body from public.records where revision = 1',
    )
    for (const text of (await read(scopeOf(tenantId, 1))).texts) {
      const at = text.indexOf(',"record":')
      const head = JSON.parse(`${text.slice(0, at)}}`) as LedgerLineHead
      const body = text.slice(at + ',"record":'.length, -1)
      expect(body).toBe(stored.find((row) => row.record_key === head.key)?.body)
      expect(createHash('sha256').update(body).digest('hex')).toBe(head.body_sha256)
      expect(head.artifact_sha256).toBe(sha256(` ${body}\n`))
    }
  })

  test('goes on after any key, and stays within a range and a limit', async () => {
    const keys = async (change: Partial<LedgerPageQuery>) =>
      (await read(scopeOf(tenantId, 2), change)).lines.map(({ key }) => key)
    expect(await keys({ after: 'b' })).toEqual([odd, '\uff5e', '\u{1f600}'])
    expect(await keys({ after: 'between' })).toEqual([odd, '\uff5e', '\u{1f600}'])
    expect(await keys({ from: odd, to: '\u{1f600}' })).toEqual([odd, '\uff5e'])
    const query = {
      scope: scopeOf(tenantId, 2),
      group: 'advisories' as const,
      after: null,
      from: null,
      to: null,
      limit: 2,
    }
    expect(await withTenant(database, tenantId, (tx) => ledgerPage(tx, query))).toMatchObject({
      records: 2,
      lastKey: odd,
      last: false,
    })
  })

  test('takes what an export of the same filters takes, of each group', async () => {
    const tenant = 'pages-filters'
    const select = ['ecosystem=npm']
    const records = [{ key: 'V#s', body: '{"status":"fixed"}' }]
    const statement: TestDocument = { kind: 'vex', key: 'V', modified: null, raw: 'v', records }
    await merge(database, {
      tenantId: tenant,
      documents: [
        advisory('A', '2025-01-01T00:00:00Z', 'x', select),
        advisory('B', '2025-03-01T00:00:00Z'),
        statement,
        sbom('S', 'app', 's'),
      ],
    })
    for (const filters of [{}, { ecosystems: ['npm'] }, { time_to: '2025-02-01T00:00:00Z' }]) {
      const scope = scopeOf(tenant, 1, filters)
      expect((await read(scope)).lines.map(({ key }) => key)).toEqual(await keysOf(database, scope, 'advisory'))
      expect((await read(scope, { group: 'vex' })).lines.map(({ key }) => key)).toEqual(
        await keysOf(database, scope, 'vex'),
      )
    }
    const [line] = (await read(scopeOf(tenant, 1), { group: 'sboms' })).lines
    expect(line).toMatchObject({
      kind: 'sbom',
      key: 'S',
      modified: null,
      folder: 'app',
      file_name: 'sbom.cdx.json',
      artifact_sha256: sha256('s'),
    })
  })

  test('cuts pages by records and by bytes, and reads every record once', async () => {
    const tenant = 'pages-many'
    const at = '2025-01-01T00:00:00Z'
    const few = Array.from({ length: 2 * STREAM_PAGE_RECORDS }, (_, n) =>
      advisory(`A-${String(n).padStart(5, '0')}`, at, 'x'),
    )
    const big: TestDocument[] = [0, 1, 2].map((n) => advisory(`B-${n}`, at, 'y'.repeat(STREAM_PAGE_BYTES)))
    await merge(database, { tenantId: tenant, documents: [...few, ...big] })
    const { pages, lines } = await read(scopeOf(tenant, 1))
    expect(pages.map(({ records }) => records)).toEqual([STREAM_PAGE_RECORDS, STREAM_PAGE_RECORDS, 1, 1, 1, 0])
    expect(lines.map(({ key }) => key)).toEqual([...few, ...big].map(({ key }) => key))
  })

  test('names a folder of an SBOM as an export of the scope does', async () => {
    const tenant = 'pages-folders'
    await merge(database, {
      tenantId: tenant,
      documents: [sbom('S-1', 'app', '1', { selectors: ['tag=a'] }), sbom('S-2', 'app', '2'), sbom('S-3', 'web', '3')],
    })
    const folders = async (filters: object) =>
      (await read(scopeOf(tenant, 1, filters), { group: 'sboms' })).lines.map(({ folder }) => folder)
    expect(await folders({})).toEqual([`app~${sha256('1').slice(0, 32)}`, `app~${sha256('2').slice(0, 32)}`, 'web'])
    expect(await folders({ tags: ['a'] })).toEqual(['app'])
  })
})

describe('ledgerState() and listRevisions()', () => {
  const tenantId = 'revisions'

  test('name the ledger and its revisions', async () => {
    const state = (revision: number | null) =>
      withTenant(database, tenantId, (tx) => ledgerState(tx, { tenantId, revision }))
    expect(await state(null)).toEqual({ ledger: 'urn:stella:ledger:empty', revision: 0, time: '1970-01-01T00:00:00Z' })
    for (const key of ['A', 'B', 'C'])
      await merge(database, { tenantId, documents: [advisory(key, '2025-01-01T00:00:00Z')] })
    const head = await state(null)
    expect(head).toMatchObject({ revision: 3, ledger: expect.stringMatching(/^urn:stella:ledger:[0-9a-f]{64}$/) })
    expect(await state(3)).toEqual(head)
    expect(await state(1)).toMatchObject({ revision: 1, ledger: head?.ledger })
    expect(await state(4)).toBeNull()

    const list = (cursor?: string) =>
      withTenant(database, tenantId, (tx) => listRevisions(tx, { tenantId, limit: 2, cursor }))
    const { items, nextCursor } = await list()
    expect(items.map(({ revision, new_documents: count }) => [revision, count])).toEqual([
      [3, 1],
      [2, 1],
    ])
    expect((await list(nextCursor ?? '')).items.map(({ revision }) => revision)).toEqual([1])
    for (const key of ['["x"]', '["1e3"]', '["-1"]', '[1]', '["1","2"]', '["9999999999999999"]']) {
      expect(await problemOf(list(Buffer.from(key).toString('base64url')))).toBe('request/invalid')
    }
  })
})

describe('artifactSlice()', () => {
  test("gives a document in parts, and nothing of another tenant's", async () => {
    const raw = 'a'.repeat(1024 * 1024 + 3)
    await merge(database, { tenantId: 'artifacts', documents: [sbom('S', 'app', raw)] })
    const slice = (tenantId: string, offset: number) =>
      withTenant(database, tenantId, (tx) => artifactSlice(tx, { tenantId, sha256: sha256(raw), offset }))
    const [first, second] = [await slice('artifacts', 0), await slice('artifacts', 1024 * 1024)]
    expect(first).toMatchObject({ sizeBytes: raw.length })
    expect(Buffer.concat([first?.bytes ?? Buffer.alloc(0), second?.bytes ?? Buffer.alloc(0)]).toString()).toBe(raw)
    expect(await slice('others', 0)).toBeNull()
  })
})
