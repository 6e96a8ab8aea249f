import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { getIngest } from './ingests.ts'
import { ledgerHead } from './ledger-head.ts'
import {
  advisory,
  chunksOf,
  merge,
  problemOf,
  receive,
  sbom,
  selectorDigest,
  sha256,
  stageBytes,
  stating,
  vex,
} from './testing/evidence.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'
import { withTenant } from './with-tenant.ts'

let database: TestDatabase
let tenants = 0

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

const newTenant = () => `tenant-${tenants++}`

/** What is current: kind, key and body. */
async function currentOf(tenantId: string): Promise<string[]> {
  const rows = await database.owner`
    select kind, record_key, body from records where tenant_id = ${tenantId} and retired_revision is null order by kind, record_key`
  return rows.map(({ kind, record_key, body }) => `${kind} ${record_key} ${body}`)
}

const headOf = async (tenantId: string) =>
  (await withTenant(database, tenantId, (tx) => ledgerHead(tx, { tenantId }))).revision

describe('mergeIngest()', () => {
  test('writes new documents as one revision, with raw bytes and selectors', async () => {
    const tenantId = newTenant()
    const documents = [
      advisory('B-1', '2025-01-01T00:00:00Z', 'one', ['ecosystem=npm', 'package=pkg:npm/b']),
      advisory('A-1', '2025-01-01T00:00:00Z', 'two', ['ecosystem=npm']),
      sbom('urn:uuid:1', 'app', '{"bomFormat":"CycloneDX"}'),
    ]
    expect(await merge(database, { tenantId, documents })).toEqual({
      revision: 1,
      read: 3,
      new: 3,
      changed: 0,
      unchanged: 0,
      refused: [],
      not_held: [],
      not_held_more: false,
    })

    const [raw] = await database.owner`select content, size_bytes::int as size, source from raw_artifacts
      where tenant_id = ${tenantId} and sha256 = ${Buffer.from(sha256(documents[1]?.raw ?? ''), 'hex')}`
    expect(raw).toEqual({
      content: Buffer.from(documents[1]?.raw ?? ''),
      size: documents[1]?.raw.length,
      source: 'doc-2.json',
    })
    const selectors = await database.owner`select replace(selector::text, '-', '') as selector, record_key
      from record_selectors join records using (tenant_id, revision, ordinal) where tenant_id = ${tenantId} order by record_key, 1`
    expect([...selectors]).toEqual([
      { selector: selectorDigest('ecosystem=npm'), record_key: 'A-1' },
      { selector: selectorDigest('package=pkg:npm/b'), record_key: 'B-1' },
      { selector: selectorDigest('ecosystem=npm'), record_key: 'B-1' },
    ])
    const stored =
      await database.owner`select record_key, ordinal from records where tenant_id = ${tenantId} order by ctid`
    expect(stored.map((row) => `${row.ordinal} ${row.record_key}`)).toEqual(['1 A-1', '2 B-1', '3 urn:uuid:1'])
  })

  test('makes no revision where nothing is new, and one where something is', async () => {
    const tenantId = newTenant()
    const first = [advisory('A', '2025-01-01T00:00:00Z'), vex('doc', 1, { s: '{}' })]
    await merge(database, { tenantId, documents: first })
    expect(await merge(database, { tenantId, documents: first })).toMatchObject({
      revision: 1,
      unchanged: 2,
      new: 0,
      changed: 0,
    })
    expect(await merge(database, { tenantId, documents: [] })).toMatchObject({ revision: 1, read: 0 })

    const second = [
      advisory('A', '2025-01-02T00:00:00Z'),
      advisory('B', '2025-01-01T00:00:00Z'),
      vex('doc', 1, { s: '{}' }),
    ]
    expect(await merge(database, { tenantId, documents: second })).toMatchObject({
      revision: 2,
      new: 1,
      changed: 1,
      unchanged: 1,
    })
    const versions =
      await database.owner`select record_key as key, revision::int as revision, retired_revision::int as retired from records
      where tenant_id = ${tenantId} and kind = 'advisory' order by 1, 2`
    expect([...versions]).toEqual([
      { key: 'A', revision: 1, retired: 2 },
      { key: 'A', revision: 2, retired: null },
      { key: 'B', revision: 2, retired: null },
    ])
  })

  test('keeps the newer document, in the ledger and within a batch', async () => {
    const tenantId = newTenant()
    const [older, newer] = [advisory('A', '2025-01-01T00:00:00Z'), advisory('A', '2025-01-02T00:00:00Z')]
    expect(await merge(database, { tenantId, documents: [newer, older, newer] })).toMatchObject({
      new: 1,
      unchanged: 2,
    })
    expect(await merge(database, { tenantId, documents: [older] })).toMatchObject({ revision: 1, unchanged: 1 })
    expect(await currentOf(tenantId)).toEqual([`advisory A ${newer.records[0]?.body}`])
  })

  test('refuses the loser of two advisories of the same time, naming both', async () => {
    const documents = [advisory('A', '2025-01-01T00:00:00Z', 'x'), advisory('A', '2025-01-01T00:00:00Z', 'y')]
    const digests = documents.map((document) => sha256(document.content ?? ''))
    const winner = (digests[0] ?? '') > (digests[1] ?? '') ? 0 : 1
    const loser = 1 - winner
    const together = await merge(database, { tenantId: newTenant(), documents })
    expect(together).toMatchObject({ new: 1, changed: 0, unchanged: 0 })
    expect(together.refused).toEqual([
      {
        source: `doc-${loser + 1}.json`,
        position: '/modified',
        reason:
          `record/conflict: A has two contents of the same time: sha256 ${digests[winner]} was kept, ${digests[loser]} was not; ` +
          'send the right one with a newer `modified`',
      },
    ])

    const tenantId = newTenant()
    await merge(database, { tenantId, documents: documents.slice(winner, winner + 1) })
    const later = await merge(database, { tenantId, documents: documents.slice(loser, loser + 1) })
    expect(later).toMatchObject({ revision: 1, new: 0, changed: 0, unchanged: 0, refused: [{ source: 'doc-1.json' }] })
  })

  test('retires the statements of a VEX document for those of a newer one, and leaves other documents alone', async () => {
    const tenantId = newTenant()
    await merge(database, { tenantId, documents: [vex('doc', 1, { a: 'A', b: 'B' }), vex('other', 1, { a: 'A' })] })
    const newer = vex('doc', 2, { a: 'A', c: 'C' })
    expect(await merge(database, { tenantId, documents: [newer] })).toMatchObject({ revision: 2, new: 0, changed: 1 })
    expect(await currentOf(tenantId)).toEqual(['vex doc#a:A@2 a:A@2', 'vex doc#c:C@2 c:C@2', 'vex other#a:A@1 a:A@1'])

    const older = vex('doc', 1, { z: 'Z' })
    expect(await merge(database, { tenantId, documents: [newer, older] })).toMatchObject({ revision: 2, unchanged: 2 })
  })

  test('counts a document that yields an SBOM and statements once, and retires both kinds for a newer version of it', async () => {
    const [first, bare, second] = [
      stating('bom', 1, { a: 'A' }),
      vex('bom', 2, { a: 'A' }),
      stating('bom', 3, { b: 'B' }),
    ]
    const expected = ['sbom bom#graph@3 {"graph":3}', 'vex bom#b:B@3 b:B@3']
    for (const order of [
      [first, bare, second],
      [second, bare, first],
      [bare, second, first],
    ]) {
      const [apart, together] = [newTenant(), newTenant()]
      for (const document of order) await merge(database, { tenantId: apart, documents: [document] })
      expect(await currentOf(apart)).toEqual(expected)
      expect(await merge(database, { tenantId: together, documents: order })).toMatchObject({
        read: 3,
        new: 1,
        unchanged: 2,
      })
      expect(await currentOf(together)).toEqual(expected)
    }
    const tenantId = newTenant()
    expect(await merge(database, { tenantId, documents: [first] })).toMatchObject({ read: 1, new: 1, revision: 1 })
    expect(await merge(database, { tenantId, documents: [first] })).toMatchObject({
      read: 1,
      unchanged: 1,
      revision: 1,
    })
    await merge(database, { tenantId, documents: [bare] })
    expect(await currentOf(tenantId)).toEqual(['vex bom#a:A@2 a:A@2'])
  })

  test('lets VEX documents of one key, version and time complement each other: none is lost, none refused', async () => {
    const [front, back] = [vex('doc', 1, { a: 'A', s: 'S' }), vex('doc', 1, { b: 'B', s: 'S' })]
    const expected = ['vex doc#a:A@1 a:A@1', 'vex doc#b:B@1 b:B@1', 'vex doc#s:S@1 s:S@1']

    const together = newTenant()
    expect(await merge(database, { tenantId: together, documents: [front, back, front] })).toMatchObject({
      new: 2,
      unchanged: 1,
      refused: [],
    })
    expect(await currentOf(together)).toEqual(expected)
    const apart = newTenant()
    await merge(database, { tenantId: apart, documents: [back] })
    expect(await merge(database, { tenantId: apart, documents: [front] })).toMatchObject({ revision: 2, changed: 1 })
    expect(await currentOf(apart)).toEqual(expected)
    expect(await merge(database, { tenantId: apart, documents: [front, back] })).toMatchObject({
      revision: 2,
      unchanged: 2,
    })
  })

  test('takes nothing of a strict batch with a refusal, and keeps its summary', async () => {
    const tenantId = newTenant()
    const batch = { tenantId, strict: true, documents: [advisory('A', '2025-01-01T00:00:00Z')] }
    const ingestId = await receive(database, batch)
    const refused = [{ source: 'bad.json', position: '1:1', reason: 'no JSON' }]
    expect(await problemOf(merge(database, { ...batch, ingestId, refused }))).toBe('ingest/refused')
    expect(await currentOf(tenantId)).toEqual([])
    const ingest = await withTenant(database, tenantId, (tx) => getIngest(tx, { tenantId, id: ingestId }))
    expect(ingest).toMatchObject({
      state: 'failed',
      error_class: 'ingest_refused',
      summary: { revision: 0, read: 2, new: 0, refused },
    })
    expect(await problemOf(merge(database, { ...batch, ingestId }))).toBe('resource/conflict')
  })

  test('answers a second delivery with the stored summary and changes nothing', async () => {
    const tenantId = newTenant()
    const batch = { tenantId, documents: [advisory('A', '2025-01-01T00:00:00Z')] }
    const ingestId = await receive(database, batch)
    const [first, second] = await Promise.all([
      merge(database, { ...batch, ingestId }),
      merge(database, { ...batch, ingestId }),
    ])
    expect(second).toEqual(first)
    expect(await merge(database, { tenantId, ingestId, documents: [advisory('B', '2025-01-01T00:00:00Z')] })).toEqual(
      first,
    )
    expect(await headOf(tenantId)).toBe(1)
    expect(await problemOf(merge(database, { ...batch, ingestId: 'ing_none' }))).toBe('resource/not-found')
  })

  test('gives each of two concurrent batches a revision of its own, whole', async () => {
    const tenantId = newTenant()
    const batchOf = (name: string) =>
      Array.from({ length: 200 }, (_, at) => advisory(`${name}-${at}`, '2025-01-01T00:00:00Z'))
    const summaries = await Promise.all(
      ['a', 'b', 'c'].map((name) => merge(database, { tenantId, documents: batchOf(name) })),
    )
    expect(summaries.map(({ revision }) => revision).sort()).toEqual([1, 2, 3])
    const counts =
      await database.owner`select revision::int as revision, count(*)::int as records, count(distinct left(record_key, 1))::int as batches
      from records where tenant_id = ${tenantId} group by 1 order by 1`
    expect([...counts]).toEqual([1, 2, 3].map((revision) => ({ revision, records: 200, batches: 1 })))
  })

  test('leaves nothing when it is cut off', async () => {
    const tenantId = newTenant()
    const bytes = stageBytes([advisory('A', '2025-01-01T00:00:00Z')])
    async function* broken() {
      yield bytes.subarray(0, 60)
      throw new Error('the source broke')
    }
    await expect(merge(database, { tenantId, documents: [], rows: broken() })).rejects.toThrow('the source broke')
    expect(await problemOf(merge(database, { tenantId, documents: [], rows: chunksOf(bytes.subarray(0, -6)) }))).toBe(
      'internal',
    )
    expect(await problemOf(merge(database, { tenantId, documents: [], rows: chunksOf(Buffer.from('no rows')) }))).toBe(
      'internal',
    )

    const stop = new AbortController()
    async function* endless() {
      yield bytes.subarray(0, 60)
      stop.abort()
      await new Promise(() => {})
    }
    expect(await problemOf(merge(database, { tenantId, documents: [], rows: endless(), signal: stop.signal }))).toBe(
      'native/cancelled',
    )
    expect(await currentOf(tenantId)).toEqual([])
    expect(await headOf(tenantId)).toBe(0)
  })

  test('leaves nothing when its session is killed between COPY and commit', async () => {
    const tenantId = newTenant()
    const documents = [advisory('A', '2025-01-01T00:00:00Z')]
    const ingestId = await receive(database, { tenantId, documents })
    // Holding the head keeps the merge waiting after its COPY.
    await database.owner`insert into ledger_heads values (${tenantId}, 0, 'epoch')`
    const killed = await database.owner.begin(async (tx) => {
      await tx`select from ledger_heads where tenant_id = ${tenantId} for update`
      const merging = problemOf(merge(database, { tenantId, documents, ingestId }))
      let waiting: { pid: number } | undefined
      while (!waiting) {
        ;[waiting] = await database.owner<{ pid: number }[]>`
          select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
      }
      await tx`select pg_terminate_backend(${waiting.pid})`
      return merging
    })
    expect(killed).toBe('db/unavailable')
    expect(await currentOf(tenantId)).toEqual([])
    expect(await merge(database, { tenantId, documents, ingestId })).toMatchObject({ revision: 1, new: 1 })
  })

  test('comes to the same ledger whatever the order and the batches', async () => {
    const stamp = fc.constantFrom('2025-01-01T00:00:00Z', '2025-01-02T00:00:00Z')
    const text = fc.constantFrom('x', 'y', 'z')
    const document = fc.oneof(
      fc
        .tuple(fc.constantFrom('A', 'B', 'é', '\u{1F600}'), stamp, text)
        .map(([key, at, words]) => advisory(key, at, words)),
      fc
        .tuple(
          fc.constantFrom('d', 'e'),
          fc.nat(2),
          fc.dictionary(fc.constantFrom('s', 't'), text, { minKeys: 1, noNullPrototype: true }),
        )
        .map(([key, version, statements]) => vex(key, version, statements)),
      fc
        .tuple(fc.constantFrom('m', 'n'), text)
        .map(([key, words]) => sbom(key, 'app', words, { recordKey: `${key}#${words}` })),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(document, { minLength: 1, maxLength: 12 }),
        fc.infiniteStream(fc.nat(1000)),
        async (documents, random) => {
          const [whole, shuffled] = [newTenant(), newTenant()]
          await merge(database, { tenantId: whole, documents })
          const order = documents.map((item) => ({ item, rank: random.next().value })).sort((a, b) => a.rank - b.rank)
          for (let at = 0; at < order.length; ) {
            const size = 1 + ((order[at]?.rank ?? 0) % 4)
            await merge(database, { tenantId: shuffled, documents: order.slice(at, at + size).map(({ item }) => item) })
            at += size
          }
          expect(await currentOf(shuffled)).toEqual(await currentOf(whole))
          const again = await merge(database, { tenantId: whole, documents })
          expect(again).toMatchObject({ revision: 1, new: 0, changed: 0 })
          expect(again.read).toBe(again.unchanged + again.refused.length)
        },
      ),
      { numRuns: 12 },
    )
  })
})
