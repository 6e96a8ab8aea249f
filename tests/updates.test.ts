import { readFile } from 'node:fs/promises'
import { connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import type { Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { importJWK, SignJWT } from 'jose'
import type { NatsConnection } from 'nats'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { openNats, publishedStates, SUCCESS as STATES } from './support/nats.ts'
import { createProfile, openTenant, type Tenant } from './support/tenant.ts'
import { isReady, openUpdates, type UpdatesClient } from './support/updates.ts'

const PADDED = 'com.stella.export.run.padded.v1'
let stack: TestStack
let tenant: Tenant
let other: Tenant

beforeAll(async () => {
  stack = await startTestStack({ env: { STELLA_ALLOWED_ORIGINS: 'https://console.test' } })
  tenant = await openTenant(stack, 'updates')
  other = await openTenant(stack, 'updates-other')
  for (const each of [tenant, other]) await createProfile(each)
})
afterAll(() => stack?.stop())

async function createRun(of = tenant): Promise<string> {
  const body = JSON.stringify({ profile_id: 'prof_json_raw' })
  return ((await (await of.api('/export/runs', { method: 'POST', body })).json()) as Run).id
}

const open = (query = '', of = tenant) => openUpdates(stack.url, query, { token: of.token })
const endOf = (client: UpdatesClient, run: string) => client.until(() => client.states(run).includes('succeeded'))
const lastOf = ({ frames }: UpdatesClient) => frames.at(-1)?.sequence ?? ''

describe('a reader', () => {
  test('gets the events of its tenant in order, and no other tenant gets them', async () => {
    const [mine, theirs] = [await open(), await open('', other)]
    await Promise.all([mine.until(isReady), theirs.until(isReady)])
    const [run, foreign] = [await createRun(), await createRun(other)]
    await Promise.all([endOf(mine, run), endOf(theirs, foreign)])
    expect([mine.states(run), theirs.states(foreign)]).toEqual([STATES, STATES])
    expect([mine.states(foreign), theirs.states(run)]).toEqual([[], []])
    const sequences = mine.frames.map(({ sequence }) => sequence)
    expect(sequences).toEqual([...new Set(sequences)].toSorted())
    for (const { socket } of [mine, theirs]) socket.close()
  })

  test('of one run gets that run alone; one of another tenant is absent', async () => {
    const [first, second] = [await createRun(), await createRun()]
    const reader = await open(`?run_id=${second}&after=0`)
    await endOf(reader, second)
    expect(reader.events().map(({ subject }) => subject)).toEqual(STATES.map(() => second))
    reader.socket.close()
    await expect(open(`?run_id=${first}`, other)).rejects.toThrow('404 {"type":"urn:stella:problem:resource/not-found"')
  })

  test('that comes back after any frame gets exactly the rest', async () => {
    const whole = await open('?after=0')
    await endOf(whole, await createRun())
    const events = whole.events()
    for (let at = 0; at < events.length; at += 3) {
      const rest = await open(`?after=${events[at]?.sequence}`)
      await rest.until(isReady)
      expect(rest.events().slice(0, events.length - at - 1)).toEqual(events.slice(at + 1))
      rest.socket.close()
    }
    whole.socket.close()
  })

  test('that the gateway and then the bus left, loses nothing and gets nothing twice', async () => {
    const seen: unknown[] = []
    const idsOf = (events: unknown[]) => events.map((event) => (event as { id: string }).id)
    let reader = await open()
    await reader.until(isReady)
    const runs: string[] = []
    for (const part of ['gateway', 'nats'] as const) {
      const run = await createRun()
      runs.push(run)
      await reader.until(() => reader.states(run).length >= 2)
      await stack.processes[part]?.kill()
      await stack.ready()
      if (part === 'gateway') {
        expect((await reader.closed).code).toBe(1006)
        seen.push(...reader.events())
        reader = await open(`?after=${lastOf(reader)}`)
      }
      // The reader before may have had all of it.
      await reader.until(() => idsOf([...seen, ...reader.events()]).includes(`${run}/succeeded`))
    }
    const ids = idsOf([...seen, ...reader.events()])
    expect(ids).toEqual([...new Set(ids)])
    expect(ids.toSorted()).toEqual(runs.flatMap((run) => STATES.map((state) => `${run}/${state}`)).toSorted())
    reader.socket.close()
  })

  test('misses nothing of what changed while the bus was away, though the worker was killed before it came back', async () => {
    const reader = await open()
    await reader.until(isReady)
    const bringBack = await stack.processes.nats?.takeDown()
    const [cancelled, accepted] = [await createRun(), await createRun()]
    expect((await tenant.api(`/export/runs/${cancelled}/cancel`, { method: 'POST' })).status).toBe(200)
    await stack.processes.workers[0]?.kill()
    await bringBack?.()
    await endOf(reader, accepted)
    expect(reader.states(cancelled)).toEqual(['queued', 'cancelled'])
    expect(reader.states(accepted)).toEqual(STATES)
    for (const run of [cancelled, accepted]) {
      expect((await publishedStates(stack, tenant.id)).get(run)).toEqual(reader.states(run))
    }
    reader.socket.close()
  })

  test('is told where events were dropped, and refused where it is ahead of the stream', async () => {
    const run = await createRun()
    const whole = await open('?after=0')
    await endOf(whole, run)
    whole.socket.close()
    const nats = await openNats(stack)
    const { streams } = await nats.jetstreamManager()
    const { state } = await streams.info('EXPORT_EVENTS')
    await streams.purge('EXPORT_EVENTS', { seq: state.last_seq - 1 })
    await nats.close()
    await stack.processes.gateway.kill()
    await stack.ready()
    const reader = await open('?after=1')
    await reader.until(isReady)
    expect(reader.frames[0]).toMatchObject({
      type: 'com.stella.export.updates.gap.v1',
      data: { from: '2'.padStart(20, '0'), to: String(state.last_seq - 2).padStart(20, '0') },
    })
    expect(reader.events().length).toBeLessThanOrEqual(2)
    reader.socket.close()
    const ahead = await open(`?after=${state.last_seq + 1000}`)
    expect(await ahead.closed).toEqual({ code: 4409, reason: expect.stringContaining('connect again without it') })
  })
})

describe('the way in', () => {
  test('a browser brings its token as a subprotocol, which is not sent back', async () => {
    const protocols = ['stella.updates.v1', `stella.bearer.${tenant.token}`]
    const reader = await openUpdates(stack.url, '', { protocols, headers: { origin: 'https://console.test' } })
    await reader.until(isReady)
    expect(reader.socket.protocol).toBe('stella.updates.v1')
    reader.socket.close()
  })

  test.each([
    ['without a token', '', {}, /^401 .*auth\/unauthenticated/],
    ['with a token in the URL', '?access_token=x', { own: true }, /^400 .*access_token/],
    ['with a forged token', '', { token: 'a.b.c' }, /^401 /],
    ['of a page of another site', '', { own: true, headers: { origin: 'https://evil.test' } }, /^403 .*auth\/denied/],
    ['of a page without an origin of its own', '', { own: true, headers: { origin: 'null' } }, /^403 /],
    ['with a position that is none', '?after=-1', { own: true }, /^400 .*after/],
    ['with a position past all numbers', '?after=99999999999999999999', { own: true }, /^400 .*after/],
  ])(
    '%s is refused with its problem',
    async (_, query, {
      own,
      ...options
    }: { own?: boolean; token?: string; headers?: Record<string, string> }, refusal) => {
      await expect(openUpdates(stack.url, query, own ? { token: tenant.token, ...options } : options)).rejects.toThrow(
        refusal,
      )
    },
  )

  test('a plain request, and one that asks for another protocol, answer 426', async () => {
    expect((await tenant.api('/export/streams/updates')).status).toBe(426)
    const { port, hostname } = new URL(stack.url)
    const socket = connectSocket(Number(port), hostname)
    socket.write(
      `GET /export/streams/updates HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tenant.token}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
    )
    let answer = ''
    for await (const chunk of socket) answer += chunk
    expect(answer).toMatch(/^HTTP\/1\.1 426 /)
    expect(answer).toContain('request/upgrade-required')
  })
})

test('a handshake that is none is answered as any problem', async () => {
  const { port, hostname } = new URL(stack.url)
  for (const headers of ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13']) {
    const socket = connectSocket(Number(port), hostname)
    const asked = `GET /export/streams/updates HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tenant.token}\r\n`
    socket.write(`${asked}Connection: Upgrade\r\nUpgrade: websocket\r\n${headers}\r\n\r\n`)
    let answer = ''
    for await (const chunk of socket) answer += chunk
    expect(answer).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"request\/invalid"/)
  }
})

describe('a connection', () => {
  let nats: NatsConnection
  beforeAll(async () => {
    nats = await openNats(stack)
  })
  afterAll(() => nats?.close())

  test.each([
    ['a message', (reader: UpdatesClient) => reader.socket.send('hello'), 1008],
    ['a large message', (reader: UpdatesClient) => reader.socket.send('x'.repeat(100_000)), 1009],
    [
      'bytes that are no frame',
      (reader: UpdatesClient) => rawOf(reader).write(Buffer.from([0xff, 0xff, 0xff, 0xff])),
      1002,
    ],
    [
      'text that is not UTF-8',
      (reader: UpdatesClient) => reader.socket.send(Buffer.from([0xc3, 0x28]), { binary: false }),
      1007,
    ],
  ])('that sends %s is closed with a code, and the service goes on', async (_, send, code) => {
    const reader = await open()
    await reader.until(isReady)
    send(reader)
    expect((await reader.closed).code).toBe(code)
    expect((await tenant.api('/export/profiles')).status).toBe(200)
  })

  test('ends with its token, and says so', async () => {
    const { issuer, audience, jwk } = JSON.parse(await readFile(join(stack.devDir, 'issuer.json'), 'utf8'))
    const token = await new SignJWT({ tenant: tenant.id, roles: ['Export.Viewer'] })
      .setProtectedHeader({ alg: 'ES256', kid: jwk.kid })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject('ann')
      .setExpirationTime('2s')
      .sign(await importJWK(jwk, 'ES256'))
    const reader = await openUpdates(stack.url, '', { token })
    await reader.until(isReady)
    expect(await reader.closed).toEqual({ code: 4401, reason: expect.stringContaining('the token has expired') })
    // The handshake tolerates clocks that differ; a stream that is open does not.
    expect(reader.frames).toHaveLength(1)
  })

  test('that does not read is closed as too slow, while another gets every event', async () => {
    const run = await createRun()
    const [slow, quick] = [await open(), await open()]
    await Promise.all([slow.until(isReady), quick.until(isReady)])
    rawOf(slow).pause()
    const padded = () => quick.events().filter(({ type }) => type === PADDED)
    // In portions that fit into what may wait for a reader, so that only one that does not read at all is slow.
    for (let count = 0; count < 320; ) {
      count += await publishPadded(run, count, 4)
      await quick.until(() => padded().length === count)
    }
    rawOf(slow).resume()
    expect(await slow.closed).toEqual({ code: 4408, reason: 'too slow: connect again with after' })
    const got = padded().length
    expect(slow.events().length).toBeLessThan(got)

    const back = await open(`?after=${lastOf(slow)}`)
    await back.until(isReady)
    const all = [...slow.events(), ...back.events()].map(({ sequence }) => sequence)
    expect(all).toEqual([...new Set(all)].toSorted())
    expect(all.length).toBeGreaterThanOrEqual(320)
    for (const { socket } of [back, quick]) socket.close()
  })

  const rawOf = ({ socket }: UpdatesClient) => (socket as unknown as { _socket: import('node:net').Socket })._socket

  async function publishPadded(run: string, from: number, count: number): Promise<number> {
    const events = Array.from({ length: count }, (_, at) => {
      const data = { run_id: run, state: 'writing', tenant_id: tenant.id, padding: 'x'.repeat(50_000) }
      return {
        specversion: '1.0',
        id: `${run}/${from + at}`,
        source: '/x',
        type: PADDED,
        time: '2026-01-01T00:00:00Z',
        data,
      }
    })
    const stream = nats.jetstream()
    const subject = `export.events.${tenant.id}.${PADDED}`
    await Promise.all(events.map((event) => stream.publish(subject, JSON.stringify(event))))
    return count
  }
})

describe('a thousand readers of one run', () => {
  test('each get all of it, over the one consumer on the bus that was there before', async () => {
    const first = await open()
    await first.until(isReady)
    first.socket.close()
    const before = await consumers()
    const run = await createRun()
    const query = `?run_id=${run}&after=${lastOf(first)}`
    const readers = await Promise.all(Array.from({ length: 1000 }, () => open(query)))
    await Promise.all(readers.map((reader) => endOf(reader, run)))
    for (const reader of readers) expect(reader.states(run)).toEqual(STATES)
    expect((await consumers()).filter((name) => !before.includes(name))).toEqual([])
    for (const { socket } of readers) socket.terminate()
  })

  async function consumers(): Promise<string[]> {
    const nats = await openNats(stack)
    const { consumers } = await nats.jetstreamManager()
    const names: string[] = []
    for await (const { name } of consumers.list('EXPORT_EVENTS')) names.push(name)
    await nats.close()
    return names
  }
})
