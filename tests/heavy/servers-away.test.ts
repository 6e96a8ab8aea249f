import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

import { DATABASE_SILENCE_MS, DATABASE_TURN_MS, isFinal, READY_DATABASE_MS, type Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createProfile, ingest, openTenant, samples, type Tenant, until } from '../support/tenant.ts'

const AWAY_MS = 60_000
/** What an answer may take beyond the wait that is under test, in milliseconds. */
const SLACK_MS = 1000
const REQUESTS = 500
const GATEWAY_BYTES = 128 * 1024 * 1024
let stack: TestStack
let tenant: Tenant

type Server = 'postgres' | 'nats'

/** Stops a server and its children as a machine that hangs does: connections stay, nothing answers. @returns what lets them go on */
async function freeze(server: Server): Promise<() => Promise<void>> {
  const parent = stack.processes[server]?.pid ?? 0
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').split(/\s+/)
  const pids = [parent, ...children.filter(Boolean).map(Number)]
  const send = (signal: NodeJS.Signals) => {
    for (const pid of pids) process.kill(pid, signal)
  }
  send('SIGSTOP')
  return async () => send('SIGCONT')
}

/** Kills a server: connections break, and its port refuses new ones. @returns what starts it again with the same data and port */
async function takeDown(server: Server): Promise<() => Promise<void>> {
  const supervised = stack.processes[server]
  if (!supervised) throw new Error(`the stack has no ${server} of its own`)
  return supervised.takeDown()
}

async function residentBytes(): Promise<number> {
  const status = await readFile(`/proc/${stack.processes.gateway.pid}/status`, 'utf8')
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024
}

/** Asks for a run by a key of its own, as a client that tries again does. */
async function createRun(
  key: string,
): Promise<{ status: number; retryAfter: string | null; tookMs: number; id: string }> {
  const began = performance.now()
  const body = '{"profile_id":"prof_json_raw"}'
  const answer = await tenant.api('/export/runs', { method: 'POST', body, headers: { 'idempotency-key': key } })
  const { id } = (await answer.json()) as Run
  const tookMs = performance.now() - began
  return { status: answer.status, retryAfter: answer.headers.get('retry-after'), tookMs, id }
}

/** Every run of these keys ends once, as succeeded, with the same content. */
async function allSucceed(keys: readonly string[]): Promise<void> {
  const ids: string[] = []
  for (const key of keys) {
    ids.push(
      await until(async () => {
        const { status, id } = await createRun(key)
        return status === 202 ? id : null
      }),
    )
  }
  expect(new Set(ids).size).toBe(keys.length)
  const roots = new Set<string | null>()
  for (const id of ids) {
    const run = await until(async () => {
      const now = (await (await tenant.api(`/export/runs/${id}`)).json()) as Run
      return isFinal(now.state) ? now : null
    })
    expect([run.state, run.error_message]).toEqual(['succeeded', null])
    roots.add(run.content_root)
  }
  expect(roots.size).toBe(1)
}

describe.each([
  ['frozen', freeze],
  ['gone', takeDown],
])('a server that is %s for a minute', (_, away) => {
  beforeAll(async () => {
    stack = await startTestStack()
    tenant = await openTenant(stack, 'away')
    await createProfile(tenant)
    await ingest(tenant, `${samples}/advisories`)
  })
  afterAll(async () => {
    await stack?.stop()
  })

  test('Postgres: every request is answered 503 in time, the gateway keeps its memory and goes on', async () => {
    const { pid } = stack.processes.gateway
    await allSucceed(['before'])
    const idle = await residentBytes()
    const bringBack = await away('postgres')
    const awayAt = performance.now()
    try {
      const ready = await fetch(`${stack.url}/health/ready`)
      expect([ready.status, Number(ready.headers.get('retry-after')) > 0]).toEqual([503, true])
      expect(performance.now() - awayAt).toBeLessThan(READY_DATABASE_MS + SLACK_MS)
      const keys = Array.from({ length: REQUESTS }, (_, at) => `postgres-${at}`)
      const answers = await Promise.all(keys.map(createRun))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]))
      expect(answers.every(({ retryAfter }) => Number(retryAfter) > 0)).toBe(true)
      // Those that got a connection wait for it to count as lost; the others wait for their turn, and for a shared look at the quota.
      const longestMs = Math.max(...answers.map(({ tookMs }) => tookMs))
      expect(longestMs).toBeLessThan(DATABASE_SILENCE_MS + 2 * DATABASE_TURN_MS)
      expect((await residentBytes()) - idle).toBeLessThan(GATEWAY_BYTES)
      await new Promise((resolve) => setTimeout(resolve, AWAY_MS - (performance.now() - awayAt)))
    } finally {
      await bringBack()
    }
    await stack.ready()
    expect(stack.processes.gateway.pid).toBe(pid)
    await allSucceed(['before', ...Array.from({ length: 8 }, (_, at) => `postgres-${at}`)])
  }, 300_000)

  test('NATS: runs are accepted, for their row is the truth, and all succeed once afterwards', async () => {
    const bringBack = await away('nats')
    const awayAt = performance.now()
    const keys = Array.from({ length: 8 }, (_, at) => `nats-${at}`)
    try {
      const answers = await Promise.all(keys.map(createRun))
      expect(answers.map(({ status }) => status)).toEqual(keys.map(() => 202))
      const ready = await fetch(`${stack.url}/health/ready`)
      expect([ready.status, Number(ready.headers.get('retry-after')) > 0]).toEqual([503, true])
      await new Promise((resolve) => setTimeout(resolve, AWAY_MS - (performance.now() - awayAt)))
    } finally {
      await bringBack()
    }
    await allSucceed(keys)
  }, 300_000)
})
