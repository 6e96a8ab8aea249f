import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { testConnection } from './testing/test-connection.ts'
import { WriteProgress, writeJsonLines } from './write-json-lines.ts'

const mapping = JSON.stringify({
  id: 'test-1',
  version: 1,
  root: { kind: 'object', fields: { id: { kind: 'string' }, text: { kind: 'string' } }, others: 'refuse' },
})

let directory: string
let files = 0

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stella-write-'))
})
afterAll(() => rm(directory, { recursive: true }))

/** Options over the run's database: the queries make their rows themselves. */
function options(queries: string[], change = {}) {
  return {
    connection: testConnection(),
    tenantId: 'writers',
    queries,
    mapping,
    level: 3,
    frameBytes: 65_536,
    readers: 2,
    maxWithheld: 10,
    path: join(directory, `out-${files++}`),
    ...change,
  }
}

/** Records `from` to `to`; `text` is an SQL expression over `n`. */
function range(from: number, to: number, text = `repeat(md5(n::text), 40)`): string {
  return `select key, body, sha256(convert_to(body, 'UTF8')) from (
    select lpad(n::text, 8, '0') as key, '{"id":"' || n || '","text":"' || ${text} || '"}' as body
    from generate_series(${from}, ${to}) n) records order by key collate "C"`
}

const ranges = [range(1, 900), range(901, 901), range(902, 901), range(902, 2500)]

describe('writeJsonLines()', () => {
  test('writes the same bytes with any number of readers, and describes the file', async () => {
    const one = await writeJsonLines(options(ranges, { readers: 1 }))
    expect(one).toMatchObject({ records: 2500, withheld: [] })
    for (const readers of [2, 5]) {
      const path = join(directory, `readers-${readers}`)
      expect(await writeJsonLines(options(ranges, { readers, path }))).toEqual(one)
      const bytes = await readFile(path)
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(one.sha256)
      expect(bytes.length).toBe(one.sizeBytes)
    }
  })

  test('runs every query for the tenant', async () => {
    const query = `select 'k', body, sha256(convert_to(body, 'UTF8'))
      from (select '{"id":"' || current_setting('app.tenant_id') || '"}' as body) records`
    const written = await writeJsonLines(options([query], { tenantId: "it's" }))
    expect(written.plainBytes).toBe(Buffer.byteLength(`{"id":"it's"}\n`))
  })

  test('counts progress while it runs', async () => {
    const progress = new WriteProgress()
    expect(progress.records()).toBe(0)
    await writeJsonLines(options(ranges), undefined, progress)
    expect(progress.records()).toBe(2500)
  })

  test('gives back its memory, run after run, failed runs too', async () => {
    const path = join(directory, 'again')
    const run = async () => {
      await writeJsonLines(options(ranges, { path }))
      await writeJsonLines(options([range(5, 9), range(1, 4)], { path })).catch(() => {})
    }
    for (let warm = 0; warm < 20; warm++) await run()
    const before = process.memoryUsage().rss
    for (let again = 0; again < 60; again++) await run()
    // One run takes over 10 MiB.
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024)
  })

  test('lists what it redacted', async () => {
    const { withheld, records } = await writeJsonLines(options([range(7, 7, `'npm_${'a1'.repeat(18)}'`)]))
    expect(records).toBe(1)
    expect(withheld).toEqual([{ recordKey: '00000007', detector: 'npm-token', pointer: '/text', action: 'redact' }])
  })
})

describe('writeJsonLines() rejects', () => {
  const row = (key: string, body: string, digest = `sha256('${body}')`) => `select '${key}', '${body}', ${digest}`

  test.each([
    ['record/schema-mismatch', [row('k', '{"id":"x","new":1}')], {}, { recordKey: 'k', field: '/new' }],
    ['record/digest-mismatch', [row('k', '{}', `sha256('[]')`)], {}, { recordKey: 'k' }],
    ['record/order', [range(5, 9), range(1, 4)], {}, { recordKey: '00000001' }],
    ['record/too-many-credentials', [range(1, 20, `'npm_${'a1'.repeat(18)}'`)], {}, {}],
    ['native/postgres', ['select * from no_such_table'], {}, { message: /no_such_table/ }],
    ['native/postgres', ['select 1'], {}, { message: /1 fields/ }],
    ['native/postgres', [`select 'k', null, sha256('')`], {}, {}],
    ['native/postgres', [`select 'k', (1 / (n - n))::text, sha256('') from generate_series(1, 9) n`], {}, {}],
    ['db/unavailable', [`select case when pg_terminate_backend(pg_backend_pid()) then pg_sleep(60)::text end`], {}, {}],
    ['config/invalid', [], { mapping: '{' }, {}],
    ['config/invalid', [], { level: 0 }, {}],
    ['config/invalid', [], { readers: 0 }, {}],
    ['native/io', [], { path: '/nonexistent/file' }, {}],
  ])('%s', async (code, queries, change, rest) => {
    const { message = /./, ...fields } = rest as { message?: RegExp }
    const rejection = writeJsonLines(options(queries, change))
    await expect(rejection).rejects.toMatchObject({ code, ...fields, message: expect.stringMatching(message) })
  })

  test('config/invalid for a password that is wrong, TLS, and a mode that is none', async () => {
    const connection = testConnection()
    for (const change of [{ password: 'wrong' }, { sslmode: 'require' }, { sslmode: 'sometimes' }]) {
      const rejection = writeJsonLines(options(ranges, { connection: { ...connection, ...change } }))
      await expect(rejection).rejects.toMatchObject({ code: 'config/invalid' })
    }
  })

  test('db/unavailable for a server that is not there', async () => {
    const connection = { ...testConnection(), host: directory }
    await expect(writeJsonLines(options(ranges, { connection }))).rejects.toMatchObject({ code: 'db/unavailable' })
  })

  test('native/cancelled when the signal is raised, while the server is silent as well', async () => {
    await expect(writeJsonLines(options(ranges), AbortSignal.abort())).rejects.toMatchObject({
      code: 'native/cancelled',
    })
    const asleep = `select 'k', '{}', sha256('{}') from pg_sleep(600)`
    const rejection = writeJsonLines(options([asleep, asleep]), AbortSignal.timeout(100))
    await expect(rejection).rejects.toMatchObject({ code: 'native/cancelled' })
  })
})
