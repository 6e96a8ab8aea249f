import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import {
  type LedgerEnd,
  type LedgerExtent,
  type LedgerLineHead,
  type LedgerRevision,
  type LedgerSources,
  ledgerExtent,
  ledgerLine,
  ledgerSources,
  MAX_TENANT_LEDGER_STREAMS,
} from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import {
  createProfile,
  exportBundle,
  filesUnder,
  ingest,
  openTenant,
  post,
  samples,
  type Tenant,
  until,
} from './support/tenant.ts'

let stack: TestStack
let tenant: Tenant
let other: Tenant

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'streams')
  other = await openTenant(stack, 'streams-other')
  await createProfile(tenant)
  for (const folder of ['advisories', 'vex', 'sboms']) await ingest(tenant, join(samples, folder))
})
afterAll(() => stack?.stop())

interface Read {
  readonly status: number
  readonly headers: Headers
  readonly texts: string[]
  readonly lines: (LedgerLineHead & { record: Record<string, unknown> })[]
  readonly end: LedgerEnd['end']
}

/** Reads a stream to its end, and checks it as any client would. */
async function stream(path: string, init?: RequestInit): Promise<Read> {
  const answer = await tenant.api(path, init)
  const body = await answer.text()
  expect([answer.status, answer.headers.get('content-type'), body.slice(-1)]).toEqual([
    200,
    'application/x-ndjson',
    '\n',
  ])
  const texts = body.split('\n').slice(0, -1)
  const { end } = JSON.parse(texts.pop() ?? '') as LedgerEnd
  const before = texts.map((text) => `${text}\n`).join('')
  expect(end.sha256).toBe(createHash('sha256').update(before).digest('hex'))
  expect(end).toMatchObject({
    records: texts.length,
    revision: Number(answer.headers.get('ledger-revision')),
    ledger: answer.headers.get('ledger-id'),
  })
  const lines = texts.map((text) => ledgerLine.parse(JSON.parse(text)) as Read['lines'][number])
  return { status: answer.status, headers: answer.headers, texts, lines, end }
}

async function problem(path: string, init?: RequestInit): Promise<[number, string]> {
  const answer = await tenant.api(path, init)
  return [answer.status, ((await answer.json()) as { code: string }).code]
}

const body = (value: object): RequestInit => ({ method: 'POST', body: JSON.stringify(value) })

describe('GET /ledger/{advisories,vex,sboms}', () => {
  test.each(['advisories', 'vex', 'sboms'])(
    'of %s gives what an export holds, in the order of keys, with its end',
    async (group) => {
      const { lines, end } = await stream(`/ledger/${group}`)
      const { run } = await exportBundle(tenant, `${group}.tar.zst`, '--include', group)
      expect(lines.length).toBe(run.counts?.[group as 'vex'])
      expect(lines.length).toBeGreaterThan(0)
      const keys = lines.map(({ key }) => key)
      expect(keys).toEqual(keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
      expect(end).toMatchObject({ revision: 3, next_cursor: null })
    },
  )

  test('goes on after any line that was received', async () => {
    const { texts, lines } = await stream('/ledger/advisories')
    for (const [index, { key }] of lines.entries()) {
      const rest = await stream(`/ledger/advisories?cursor=${encodeURIComponent(key)}`)
      expect(rest.texts).toEqual(texts.slice(index + 1))
    }
  })

  test('in parts of a limit is the whole', async () => {
    const { texts } = await stream('/ledger/vex')
    const parts: string[] = []
    let cursor = ''
    for (let next: string | null = ''; next !== null; ) {
      const part = await stream(`/ledger/vex?limit=2${cursor}`)
      parts.push(...part.texts)
      next = part.end.next_cursor
      cursor = `&cursor=${encodeURIComponent(next ?? '')}`
    }
    expect(parts).toEqual(texts)
  })

  test('as of a revision stays what it was', async () => {
    expect((await stream('/ledger/advisories?revision=0')).lines).toEqual([])
    const { texts, end } = await stream('/ledger/advisories?revision=1')
    await post(tenant, '{"schema_version":"1.7.0","id":"STREAM-LATER","modified":"2024-01-01T00:00:00Z"}')
    expect(await stream('/ledger/advisories?revision=1')).toMatchObject({ texts, end })
    expect((await stream('/ledger/advisories')).lines.length).toBe(texts.length + 1)
  })

  test('takes filters: values of one by OR, selectors by AND', async () => {
    const ids = async (query: string) => (await stream(`/ledger/advisories?${query}`)).lines.map(({ key }) => key)
    const [all, npm, pypi] = [await ids(''), await ids('ecosystems=npm'), await ids('ecosystems=PyPI')]
    expect(npm.length).toBeGreaterThan(0)
    expect(npm.length).toBeLessThan(all.length)
    expect(await ids('ecosystems=npm&ecosystems=pypi')).toEqual(
      all.filter((id) => npm.includes(id) || pypi.includes(id)),
    )
    expect(await ids('ecosystems=npm&tags=none')).toEqual([])
    expect(await ids('time_to=1990-01-01T00:00:00Z')).toEqual([])
  })

  test('of SBOMs names the document as received, which is had by its SHA-256', async () => {
    const { lines } = await stream('/ledger/sboms')
    const sent = await Promise.all((await filesUnder(join(samples, 'sboms'))).map((path) => readFile(path, 'utf8')))
    const received = []
    for (const { artifact_sha256: sha256 } of lines) {
      const answer = await tenant.api(`/ledger/artifacts/${sha256}`)
      const bytes = Buffer.from(await answer.arrayBuffer())
      expect([answer.status, answer.headers.get('etag')]).toEqual([200, `"${sha256}"`])
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256)
      received.push(bytes.toString())
      expect(await (await other.api(`/ledger/artifacts/${sha256}`)).text()).toBe(
        await (await tenant.api(`/ledger/artifacts/${'0'.repeat(64)}`)).text(),
      )
    }
    expect(received.toSorted()).toEqual(sent.toSorted())
  })

  test('answers HEAD with the head alone, however often', async () => {
    for (let again = 0; again <= MAX_TENANT_LEDGER_STREAMS; again++) {
      const answer = await tenant.api('/ledger/advisories', { method: 'HEAD' })
      expect([answer.status, await answer.text()]).toEqual([200, ''])
    }
    expect((await stream('/ledger/advisories')).status).toBe(200)
  })
})

describe('what stands beside the streams', () => {
  test('findings are not computed, and no empty stream says that there are none', async () => {
    expect(await problem('/ledger/findings')).toEqual([409, 'ledger/not-computed'])
  })

  test('GET /ledger/revisions lists them, the newest first, page by page', async () => {
    const seen: number[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const answer = await tenant.api(`/ledger/revisions?limit=1${cursor && `&cursor=${cursor}`}`)
      const page = (await answer.json()) as { items: LedgerRevision[]; next_cursor: string | null }
      seen.push(...page.items.map(({ revision }) => revision))
      cursor = page.next_cursor
    }
    expect(seen).toEqual(seen.map((_, index) => seen.length - index))
    expect(await (await other.api('/ledger/revisions')).json()).toEqual({ items: [], next_cursor: null })
  })

  test('POST /ledger/extents, /ledger/records and /ledger/sources tell what an export needs', async () => {
    const { lines } = await stream('/ledger/advisories?revision=3')
    const asked = { revision: 3, filters: {} }
    const extent = (await (
      await tenant.api('/ledger/extents', body({ ...asked, group: 'advisories', range_records: 1024 }))
    ).json()) as LedgerExtent
    expect(ledgerExtent.parse(extent)).toMatchObject({
      tenant: 'streams',
      revision: 3,
      records: lines.length,
      starts: [lines[0]?.key],
    })
    const sources = (await (await tenant.api('/ledger/sources', body(asked))).json()) as LedgerSources
    expect(ledgerSources.parse(sources)).toMatchObject({ ledger: extent.ledger, omitted_inputs: 0 })
    expect(sources.inputs.map(({ revision }) => revision)).toEqual([1, 2, 3])
    const [first, , third] = lines
    const part = await stream(
      '/ledger/records',
      body({ ...asked, group: 'advisories', from: first?.key, to: third?.key }),
    )
    expect(part.lines.map(({ key }) => key)).toEqual(lines.slice(0, 2).map(({ key }) => key))
  })
})

describe('bad input', () => {
  test.each([
    ['/ledger/advisories?revision=99', 404, 'resource/not-found'],
    ['/ledger/advisories?revision=-1', 400, 'request/invalid'],
    ['/ledger/advisories?revision=9e9', 400, 'request/invalid'],
    ['/ledger/advisories?revision=1&revision=2', 400, 'request/invalid'],
    ['/ledger/advisories?limit=0', 400, 'request/invalid'],
    ['/ledger/advisories?limit=1000001', 400, 'request/invalid'],
    ['/ledger/advisories?cursor=', 400, 'request/invalid'],
    ['/ledger/advisories?cursor=%00', 400, 'request/invalid'],
    [`/ledger/advisories?cursor=${'k'.repeat(4097)}`, 400, 'request/invalid'],
    ['/ledger/advisories?ecosystem=npm', 400, 'request/invalid'],
    ['/ledger/advisories?include=vex', 400, 'request/invalid'],
    ['/ledger/advisories?time_from=yesterday', 400, 'request/invalid'],
    ['/ledger/advisories?packages=lodash', 400, 'request/invalid'],
    [`/ledger/advisories?${'tags=a&'.repeat(1001)}`, 400, 'request/invalid'],
    ['/ledger/revisions?cursor=bm9uZQ', 400, 'request/invalid'],
    ['/ledger/artifacts/..%2f..%2fetc', 404, 'resource/not-found'],
    ['/ledger/artifacts/ABC', 404, 'resource/not-found'],
  ])('%.60s is refused with %i %s', async (path, status, code) => {
    expect(await problem(path)).toEqual([status, code])
  })

  test.each([
    ['/ledger/records', { group: 'findings' }],
    ['/ledger/records', { group: 'vex', filters: { tags: Array.from({ length: 10_000 }, String) } }],
    ['/ledger/records', { group: 'vex', after: '\ud800' }],
    ['/ledger/records', { group: 'vex', tenant: 'streams-other' }],
    ['/ledger/extents', { group: 'vex', range_records: 1 }],
    ['/ledger/extents', { group: 'vex', range_records: 16_384.5 }],
    ['/ledger/sources', { limit: 1e9 }],
    ['/ledger/times', { grain_bytes: 0 }],
    ['/ledger/ecosystems', { ecosystems: [] }],
    ['/ledger/ecosystems', { ecosystems: ['np\0m'] }],
  ])('POST %s %j is refused', async (path, value) => {
    expect(await problem(path, body(value))).toEqual([400, 'request/invalid'])
  })

  test.each(["x' or '1'='1", "'; drop table records; --", '\\', "\\'", '%_', '💥', '"},"end":{'])(
    'the cursor %j is a key like any other',
    async (key) => {
      const { lines } = await stream(`/ledger/advisories?cursor=${encodeURIComponent(key)}`)
      expect(lines.every((line) => Buffer.compare(Buffer.from(line.key), Buffer.from(key)) > 0)).toBe(true)
    },
  )
})

describe('slow readers', () => {
  const RECORDS = 12_000
  const MIB = 1024 * 1024

  async function gatewayBytes(): Promise<number> {
    const status = await readFile(`/proc/${stack.processes.gateway.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024
  }

  test(`${MAX_TENANT_LEDGER_STREAMS} of them hold a bounded part of the gateway's memory; one more is refused, until others leave`, async () => {
    const details = 'x'.repeat(4000)
    const lines = Array.from({ length: RECORDS }, (_, n) =>
      JSON.stringify({ id: `SLOW-${n}`, modified: '2024-01-01T00:00:00Z', details }),
    )
    expect((await post(other, lines.join('\n'))).summary).toMatchObject({ new: RECORDS })
    const before = await gatewayBytes()
    const leaving = new AbortController()
    const open = () => other.api('/ledger/advisories', { signal: leaving.signal })
    const answers = await Promise.all(Array.from({ length: MAX_TENANT_LEDGER_STREAMS }, open))
    const readers = answers.map(({ body }) => body?.getReader())
    for (const reader of readers) expect((await reader?.read())?.done).toBe(false)

    const refused = await other.api('/ledger/advisories')
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([429, 'ledger/busy'])
    expect((await stream('/ledger/vex')).status).toBe(200)
    const held = (await gatewayBytes()) - before
    // A stream holds a page and what the sockets take, 2 to 3 MiB with garbage that is not collected yet; the ledger has 49 MB for each.
    expect(held).toBeLessThan(MAX_TENANT_LEDGER_STREAMS * 5 * MIB)
    console.info(`${MAX_TENANT_LEDGER_STREAMS} slow readers: ${Math.round(held / MIB)} MiB`)

    leaving.abort()
    const again = await until(async () => {
      const answer = await other.api('/ledger/advisories')
      return answer.status === 200 ? answer : null
    })
    expect((await again.text()).trimEnd().split('\n').length).toBe(RECORDS + 1)
  })
})
