import { setTimeout as pause } from 'node:timers/promises'

import { isFinal, type Run } from '@stella/contracts'
import { type Supervised, startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { allTold } from '../support/nats.ts'
import { createProfile, openTenant, post, type Tenant, until } from '../support/tenant.ts'

const RECORDS = 40_000
const RUNS = 3
const KILLS = 4
/** Longest time between two kills, in milliseconds. */
const LONGEST_PEACE_MS = 900

let stack: TestStack
let tenant: Tenant
let undisturbed: Run

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'servers')
  await createProfile(tenant)
  await post(tenant, Array.from({ length: RECORDS }, (_, index) => advisory(index)).join('\n'))
  undisturbed = await ended(await startRun())
})
afterAll(() => stack?.stop())

function advisory(index: number): string {
  const details = Array.from({ length: 60 }, (_, word) => (index * 2_654_435_761 + word * 40_503) % 99_991).join(' ')
  return JSON.stringify({ id: `KILL-${index}`, modified: '2024-01-01T00:00:00Z', details })
}

/** Asks until the gateway answers with anything but 5xx: it, or what it needs, may be away. */
function ask(path: string, init?: RequestInit): Promise<Response> {
  return until(async () => {
    const answer = await tenant.api(path, init).catch(() => null)
    return answer && answer.status < 500 ? answer : null
  })
}

async function startRun(): Promise<string> {
  const answer = await ask('/export/runs', { method: 'POST', body: JSON.stringify({ profile_id: 'prof_json_raw' }) })
  return ((await answer.json()) as Run).id
}

function ended(id: string): Promise<Run> {
  return until(async () => {
    const run = (await (await ask(`/export/runs/${id}`)).json()) as Run
    return isFinal(run.state) ? run : null
  })
}

const victims: [string, () => Supervised | undefined][] = [
  ['the gateway', () => stack.processes.gateway],
  ['Postgres', () => stack.processes.postgres],
  ['NATS', () => stack.processes.nats],
]

describe(`kill -9, ${KILLS} times during ${RUNS} runs,`, () => {
  test.each(victims)(
    'of %s leaves complete runs of equal content, whose states were each told once',
    async (_, victim) => {
      const ids: string[] = []
      for (let run = 0; run < RUNS; run++) ids.push(await startRun())
      for (let killed = 0; killed < KILLS; killed++) {
        await pause(Math.random() * LONGEST_PEACE_MS)
        await victim()?.running()
        await victim()?.kill()
      }
      const runs = await Promise.all(ids.map(ended))
      await stack.ready()
      await allTold(stack, tenant, runs)
      for (const run of runs) {
        expect([run.state, run.error_message]).toEqual(['succeeded', null])
        expect(run.content_root).toBe(undisturbed.content_root)
      }
    },
  )
})
