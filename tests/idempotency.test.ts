import { randomUUID } from 'node:crypto'

import type { Ingest, Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createProfile, openTenant, type Tenant, until } from './support/tenant.ts'

let stack: TestStack
let tenant: Tenant
let profile: string

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'idempotency')
  profile = await createProfile(tenant)
})
afterAll(() => stack?.stop())

function send(path: string, key: string, body: string, as = tenant): Promise<Response> {
  return as.api(path, { method: 'POST', headers: { 'idempotency-key': key }, body })
}

const startRun = (key: string, filters: object = {}, as = tenant) =>
  send('/export/runs', key, JSON.stringify({ profile_id: profile, filters }), as)

async function runCount(as: Tenant): Promise<number> {
  const page = await as.json<{ items: Run[]; next_cursor: string | null }>('export', 'run', 'list', '--limit', '200')
  expect(page.next_cursor).toBeNull()
  return page.items.length
}

const document = '{"schema_version":"1.7.0","id":"K-1","modified":"2024-01-01T00:00:00Z"}'

describe('an Idempotency-Key', () => {
  const creating: [string, () => Promise<[string, string, string]>][] = [
    [
      'profiles',
      async () => [
        '/export/profiles',
        '{"name":"keyed","kind":"json","variant":"raw"}',
        '{"name":"keyed 2","kind":"json","variant":"raw"}',
      ],
    ],
    [
      'runs',
      async () => [
        '/export/runs',
        JSON.stringify({ profile_id: profile }),
        JSON.stringify({ profile_id: profile, filters: { tags: ['x'] } }),
      ],
    ],
    ['batches', async () => ['/ledger/ingest', document, `${document} `]],
  ]
  test.each(creating)(
    'makes one of %s, answers a retry the same, and refuses another body with 422',
    async (_, make) => {
      const [path, body, other] = await make()
      const key = randomUUID()
      const first = await send(path, key, body)
      const [text, location] = [await first.text(), first.headers.get('location')]
      expect([first.ok, first.headers.get('idempotency-replayed')]).toEqual([true, null])
      for (const same of [key, `"${key}"`]) {
        const again = await send(path, same, body)
        expect(again.status).toBe(first.status)
        expect(await again.text()).toBe(text)
        expect([again.headers.get('location'), again.headers.get('idempotency-replayed')]).toEqual([location, 'true'])
      }
      const reused = await send(path, key, other)
      expect([reused.status, ((await reused.json()) as { code: string }).code]).toEqual([422, 'request/key-reused'])
    },
  )

  test('rebuilds a run once', async () => {
    const run = (await (await startRun(randomUUID())).json()) as Run
    await until(async () => ((await (await tenant.api(`/export/runs/${run.id}`)).json()) as Run).finished_at)
    const key = randomUUID()
    const ids = []
    for (let time = 0; time < 2; time++) {
      ids.push(((await (await send(`/export/runs/${run.id}/reproduce`, key, '')).json()) as Run).id)
    }
    expect(new Set(ids).size).toBe(1)
  })

  test('means another request at another endpoint, and something else in another tenant', async () => {
    const key = randomUUID()
    expect((await startRun(key)).status).toBe(202)
    expect((await send('/ledger/ingest', key, document)).status).toBe(422)
    const other = await openTenant(stack, 'idempotency-other')
    await createProfile(other)
    const theirs = await startRun(key, {}, other)
    expect([theirs.status, theirs.headers.get('idempotency-replayed')]).toEqual([202, null])
  })

  test('of a request that failed may be used again', async () => {
    const key = randomUUID()
    const body = '{"profile_id":"prof_later"}'
    expect((await send('/export/runs', key, body)).status).toBe(404)
    await send('/export/profiles', randomUUID(), '{"name":"later","kind":"json","variant":"raw"}')
    expect((await send('/export/runs', key, body)).status).toBe(202)
  })

  test.each(['', 'a b', 'naïve', `"half`, 'x'.repeat(256), '""'])('%j is malformed: 400', async (key) => {
    const answer = await tenant.api('/export/runs', {
      method: 'POST',
      headers: { 'idempotency-key': key },
      body: JSON.stringify({ profile_id: profile }),
    })
    expect(answer.status).toBe(400)
  })

  test('that many send at once makes one run; the others wait for their turn or get the same answer', async () => {
    const crowd = await openTenant(stack, 'idempotency-crowd')
    await createProfile(crowd)
    const key = randomUUID()
    const answers = await Promise.all(Array.from({ length: 24 }, () => startRun(key, {}, crowd)))
    const ids = new Set<string>()
    for (const answer of answers) {
      const body = (await answer.json()) as { id: string; code: string }
      if (answer.status === 202) ids.add(body.id)
      else expect([answer.status, body.code]).toEqual([409, 'request/in-progress'])
    }
    expect(ids.size).toBe(1)
    expect(await runCount(crowd)).toBe(1)
  })
})

describe('a gateway that is killed while it creates', () => {
  test('creates nothing twice: every key that is retried until it is answered made one run', async () => {
    const steady = await openTenant(stack, 'idempotency-kill')
    await createProfile(steady)
    const keys = Array.from({ length: 60 }, () => randomUUID())
    const untilAnswered = (key: string) =>
      until(async () => {
        const answer = await startRun(key, {}, steady).catch(() => null)
        return answer?.status === 202 ? ((await answer.json()) as Run).id : null
      })
    const answered = Promise.all(keys.map(untilAnswered))
    process.kill(stack.processes.gateway.pid, 'SIGKILL')
    const ids = await answered
    expect(new Set(ids).size).toBe(keys.length)
    expect(await runCount(steady)).toBe(keys.length)
  })
})

test('a batch that is sent again while the first one is still being sent is recorded once', async () => {
  const key = randomUUID()
  const bytes = new TextEncoder().encode(document)
  let finish = () => {}
  const slow = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes.subarray(0, 10))
      finish = () => {
        controller.enqueue(bytes.subarray(10))
        controller.close()
      }
    },
  })
  const headers = { 'idempotency-key': key }
  const first = tenant.api('/ledger/ingest', { method: 'POST', headers, body: slow, duplex: 'half' } as RequestInit)
  const second = (await (await send('/ledger/ingest', key, document)).json()) as Ingest
  finish()
  expect((await (await first).json()) as Ingest).toEqual(second)
})
