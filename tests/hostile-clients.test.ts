import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'

import { type Endpoint, endpoints, JSON_BODY_MS, mediaTypes, type Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createProfile, openTenant, post, type Tenant } from './support/tenant.ts'

const GATEWAY_BYTES = 256 * 1024 * 1024
let stack: TestStack
let tenant: Tenant
let idleBytes: number

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'hostile')
  await createProfile(tenant)
  idleBytes = await residentBytes()
})
afterAll(async () => {
  await stack?.stop()
})

async function residentBytes(): Promise<number> {
  const status = await readFile(`/proc/${stack.processes.gateway.pid}/status`, 'utf8')
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024
}

/** Writes parts to a socket with pauses, and gives back what came until the gateway closed it. */
function talk(parts: Iterable<string>, { pauseMs = 0, halfClose = false } = {}): Promise<string> {
  const { hostname, port } = new URL(stack.url)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
    let heard = ''
    const rest = parts[Symbol.iterator]()
    const next = () => {
      const { value, done } = rest.next()
      if (done) return halfClose && socket.end()
      socket.write(value, () => setTimeout(next, pauseMs))
    }
    socket.on('data', (bytes) => {
      heard += bytes
    })
    socket.on('end', () => socket.destroy())
    socket.on('close', () => resolve(heard))
    socket.on(
      'error',
      (error: NodeJS.ErrnoException) => error.code !== 'ECONNRESET' && error.code !== 'EPIPE' && reject(error),
    )
    next()
  })
}

function head(line: string, ...headers: string[]): string {
  return `${[`${line} HTTP/1.1`, 'host: gateway', `authorization: Bearer ${tenant.token}`, ...headers].join('\r\n')}\r\n\r\n`
}

function* trickle(first: string): Generator<string> {
  yield first
  for (;;) yield ' '
}

const statuses = (heard: string) => [...heard.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status))
const linesOf = (method: string, path: string) => `${method} ${path}`

describe('a connection', () => {
  test('whose JSON body trickles is answered 408 and closed', async () => {
    const began = performance.now()
    const first = head('POST /export/runs', 'content-type: application/json', 'content-length: 1000000')
    const heard = await talk(trickle(first), { pauseMs: 200 })
    expect(statuses(heard)).toEqual([408])
    expect(heard).toMatch(/connection: close/i)
    expect(heard).toContain('"code":"request/timeout"')
    expect(performance.now() - began).toBeGreaterThanOrEqual(JSON_BODY_MS - 100)
  })

  test('that says its length in two ways is closed after one refusal, and nothing in it is a second request', async () => {
    const smuggled = head('DELETE /export/profiles/prof_json_raw', 'if-match: *')
    for (const framing of [
      ['content-length: 4', 'transfer-encoding: chunked'],
      ['content-length: 4', 'content-length: 5'],
      ['transfer-encoding: chunked, identity'],
      ['transfer-encoding: xchunked'],
      ['content-length: +4'],
    ]) {
      const heard = await talk([`${head('POST /export/runs', ...framing)}0\r\n\r\n${smuggled}`])
      expect([framing, statuses(heard)]).toEqual([framing, [400]])
    }
    expect((await tenant.api('/export/profiles/prof_json_raw')).status).toBe(200)
  })

  test('with several requests at once gets the answers in order, a refused one among them', async () => {
    const get = (path: string, ...headers: string[]) => head(linesOf('GET', path), ...headers)
    const refused = `${head('POST /export/runs', 'content-length: 1')}{`
    const last = get('/export/profiles/prof_none', 'connection: close')
    const heard = await talk([get('/export/profiles') + refused + get('/export/runs') + last])
    expect(statuses(heard)).toEqual([200, 400, 200, 404])
  })

  test('without Host, with two, or with one that is none, is answered as any problem; HTTP/1.0 needs none', async () => {
    const upgrade = 'connection: upgrade\r\nupgrade: websocket\r\n'
    for (const lines of [
      'GET /health/live HTTP/1.1\r\n',
      'GET /health/live HTTP/1.1\r\nhost: a b\r\n',
      'GET /health/live HTTP/1.1\r\nhost: a\r\nhost: b\r\n',
      `GET /export/streams/updates HTTP/1.1\r\n${upgrade}`,
      `GET /export/streams/updates HTTP/1.1\r\nhost: a b\r\n${upgrade}`,
      `GET /export/streams/updates HTTP/1.1\r\nhost: a\r\nhost: b\r\n${upgrade}`,
    ]) {
      const heard = await talk([`${lines}connection: close\r\n\r\n`])
      expect(statuses(heard)).toEqual([400])
      expect(heard).toContain('"code":"request/invalid"')
      expect(heard).toMatch(/Host header/)
    }
    expect(statuses(await talk(['GET /health/live HTTP/1.0\r\n\r\n']))).toEqual([200])
  })

  test('that would rather speak another protocol is served as any other, its body and the answer whole', async () => {
    const upgrade = ['connection: Upgrade, HTTP2-Settings', 'upgrade: h2c', 'http2-settings: AAMAAABkAAQAoAAA']
    const read = await talk([head('GET /openapi.json', ...upgrade)])
    const [, length, body] = /content-length: (\d+)[\s\S]*?\r\n\r\n([\s\S]*)/i.exec(read) ?? []
    expect(statuses(read)).toEqual([200])
    expect(Buffer.byteLength(body ?? '')).toBe(Number(length))
    expect(JSON.parse(body ?? '')).toHaveProperty('openapi')

    const asked = '{"profile_id":"prof_json_raw"}'
    const sent = [
      head('POST /export/runs', ...upgrade, `content-length: ${asked.length}`) + asked.slice(0, 9),
      asked.slice(9),
    ]
    expect(statuses(await talk(sent, { pauseMs: 20 }))).toEqual([202])
    const websocket = ['connection: upgrade', 'upgrade: websocket']
    expect(statuses(await talk([head('GET /export/profiles', ...websocket)]))).toEqual([200])
  })

  test('that its client has closed for sending is closed, and nothing waits for the rest of its request', async () => {
    const half = head('POST /export/runs', 'content-length: 1000')
    const heard = await Promise.all(Array.from({ length: 200 }, () => talk([half], { halfClose: true })))
    expect(heard.flatMap(statuses).filter((status) => status !== 400)).toEqual([])
  })
})

describe('a JSON body', () => {
  const config = (text: string) => `{"name":"x","kind":"json","variant":"raw","config":${text}}`
  test.each([
    ['10,000 deep', config(`${'['.repeat(10_000)}${']'.repeat(10_000)}`), 400],
    ['10,000 objects deep', config(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`), 400],
    ['with a string of 100 MB', `{"name":"${'a'.repeat(100e6)}"}`, 413],
    ['with NUL in a name', '{"name":"a\\u0000b","kind":"json","variant":"raw"}', 400],
    ['with a lone surrogate in a name', '{"name":"a\\ud800b","kind":"json","variant":"raw"}', 400],
    ['with a lone surrogate in a filter', config('{"filters":{"tags":["\\udfff"]}}'), 400],
    ['with a prototype', config('{"__proto__":{"admin":true}}'), 400],
  ])('%s is refused', async (_, body, status) => {
    // A body that is far too large is cut off: its sender may see the connection break first.
    const answer = await tenant.api('/export/profiles', { method: 'POST', body }).catch((error: Error) => error)
    if (answer instanceof Error) return expect([status, answer.message]).toEqual([413, 'fetch failed'])
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json'])
  })
})

describe('a document', () => {
  const bom = (content: string) => `<bom xmlns="http://cyclonedx.org/schema/bom/1.6">${content}</bom>`
  const entities = Array.from({ length: 9 }, (_, n) => `<!ENTITY e${n + 1} "${`&e${n};`.repeat(10)}">`)
  const laughs = `<!DOCTYPE a [<!ENTITY e0 "ha">${entities.join('')}]>${bom('<metadata>&e9;</metadata>')}`
  test.each([
    ['10,000 deep', `{"schema_version":"1.7.0","id":"D-1","x":${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
    ['with a string of 100 MB', `{"schema_version":"1.7.0","id":"${'a'.repeat(100e6)}"}`],
    ['of XML, 10,000 deep', bom(`${'<a>'.repeat(10_000)}${'</a>'.repeat(10_000)}`)],
    ['of XML, with a text of 100 MB', bom(`<metadata>${'a'.repeat(100e6)}</metadata>`)],
    ['of XML, with entities that grow', laughs],
    ['of XML, with an entity from a file', '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>'],
  ])('%s is refused by name, and the worker goes on', async (_, text) => {
    const batch = await post(tenant, text)
    expect(batch.summary?.refused ?? [batch]).toHaveLength(1)
    const good = '{"schema_version":"1.7.0","id":"GOOD-1","modified":"2024-01-01T00:00:00Z"}'
    expect((await post(tenant, good)).state).toBe('completed')
  })
})

const encoded = (value: string) => Buffer.from(value).toString('base64url')
const cursors = [
  '%00',
  '%ED%A0%80',
  'a'.repeat(201),
  '../../etc/passwd',
  ...[
    'null',
    '[]',
    '{}',
    '[null,null]',
    '["\\u0000","\\u0000"]',
    '["a","\\ud800"]',
    '[1e999,"x"]',
    '{"__proto__":1}',
    '\0',
    "'; select 1",
  ].map(encoded),
]
const lists = Object.values<Endpoint>(endpoints).filter(({ query }) => query !== undefined && 'cursor' in query.shape)

const afterKey = lists.filter(({ answers }) => JSON.stringify(answers[200]).includes(mediaTypes.jsonLines))

test.each(lists.map((list) => [list.method, list.path, list] as const))(
  '%s %s refuses every hostile cursor',
  async (method, path, list) => {
    const { id } = (await (
      await tenant.api('/export/runs', { method: 'POST', body: '{"profile_id":"prof_json_raw"}' })
    ).json()) as Run
    for (const cursor of cursors) {
      const answer = await tenant.api(`${path.replace(':id', id)}?cursor=${cursor}`, { method })
      const text = await answer.text()
      // The cursor of a ledger stream is the key of a record: any text may be one.
      if (answer.status === 200 && afterKey.includes(list)) continue
      expect([cursor, answer.status, text]).toEqual([cursor, 400, expect.stringContaining('"code":"request/invalid"')])
    }
  },
)

const named = Object.values<Endpoint>(endpoints).filter(({ path, role }) => path.includes(':') && role !== null)
test.each(named.map(({ method, path }) => [method, path]))(
  '%s %s finds nothing by a hostile id',
  async (method, path) => {
    for (const id of ['..%2F..%2Fetc%2Fpasswd', '%2e%2e', '%00', '%ED%A0%80', 'a%0d%0aset-cookie:x', '%']) {
      const answer = await tenant.api(path.replace(/:\w+/g, id), { method, headers: { connection: 'close' } })
      await answer.body?.cancel()
      expect([id, answer.status]).toEqual([id, expect.toSatisfy((status: number) => [400, 404, 405].includes(status))])
    }
  },
)

test('all that costs the gateway a bounded amount of memory', async () => {
  expect((await residentBytes()) - idleBytes).toBeLessThan(GATEWAY_BYTES)
})
