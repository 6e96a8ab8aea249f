import type { Profile, Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { openTenant, post, type Tenant, until } from './support/tenant.ts'

const under = new Set(['planning', 'writing', 'sealing', 'distributing'])
let stack: TestStack
let tenant: Tenant

beforeAll(async () => {
  stack = await startTestStack({ workers: 2, env: { STELLA_TENANT_REQUESTS_PER_MINUTE: '3000' } })
  tenant = await openTenant(stack, 'limits')
  const lines = Array.from({ length: 20_000 }, (_, index) =>
    JSON.stringify({ id: `LIMIT-${index}`, modified: '2024-01-01T00:00:00Z', details: `${index} `.repeat(100) }),
  )
  await post(tenant, lines.join('\n'))
})
afterAll(() => stack?.stop())

async function makeProfile(name: string, limits: object): Promise<string> {
  const body = JSON.stringify({ name, kind: 'json', variant: 'raw', config: { limits } })
  const response = await tenant.api('/export/profiles', { method: 'POST', body })
  expect([response.status, await response.clone().text()]).toEqual([201, expect.stringContaining('"limits"')])
  return ((await response.json()) as Profile).id
}

const createRun = (profile_id: string, of = tenant) =>
  of.api('/export/runs', { method: 'POST', body: JSON.stringify({ profile_id }) })

async function runsOf(profile: string): Promise<Run[]> {
  return ((await (await tenant.api(`/export/runs?profile_id=${profile}`)).json()) as { items: Run[] }).items.reverse()
}

describe('concurrent runs', () => {
  test('over the limit of their profile stay queued and go one by one, the oldest first, though a worker is killed', async () => {
    const profile = await makeProfile('one at a time', { concurrent_runs: 1 })
    for (let run = 0; run < 6; run++) expect((await createRun(profile)).status).toBe(202)
    await until(async () => ((await runsOf(profile)).some(({ state }) => state === 'writing') ? true : null))
    await stack.processes.workers[0]?.kill()

    const atOnce: number[] = []
    const runs = await until(async () => {
      const now = await runsOf(profile)
      atOnce.push(now.filter(({ state }) => under.has(state)).length)
      return now.every(({ state }) => state === 'succeeded' || state === 'failed') ? now : null
    })
    expect(Math.max(...atOnce)).toBe(1)
    expect(runs.map(({ state, error_message }) => [state, error_message])).toEqual(runs.map(() => ['succeeded', null]))
    const starts = runs.map(({ started_at }) => started_at ?? '')
    expect(starts).toEqual(starts.toSorted())
    for (const [at, { started_at }] of runs.slice(1).entries()) {
      expect((started_at ?? '') >= (runs[at]?.finished_at ?? ''), `run ${at + 1} began after the one before`).toBe(true)
    }
  })

  test('a queued run is cancelled at once, and those behind it still go', async () => {
    const profile = await makeProfile('with a cancelled one', { concurrent_runs: 1 })
    const ids: string[] = []
    for (let run = 0; run < 4; run++) ids.push(((await (await createRun(profile)).json()) as Run).id)
    const cancelled = await tenant.api(`/export/runs/${ids[2]}/cancel`, { method: 'POST' })
    expect([cancelled.status, ((await cancelled.json()) as Run).state]).toEqual([200, 'cancelled'])
    const ends = await until(async () => {
      const now = await runsOf(profile)
      return now.every(({ state }) => state !== 'queued' && !under.has(state)) ? now : null
    })
    expect(ends.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'cancelled', 'succeeded'])
    expect(ends[2]?.started_at).toBeNull()
  })
})

describe('rate limits', () => {
  test('a profile that has spent its runs answers 429 with when to try again; other profiles go on', async () => {
    const profile = await makeProfile('two a minute', { runs_per_minute: 2 })
    const first = await createRun(profile)
    expect(first.headers.get('ratelimit-policy')).toBe('"tenant";q=3000;w=60, "profile";q=2;w=60')
    expect(first.headers.get('ratelimit')).toMatch(/^"tenant";r=\d+;t=\d+, "profile";r=1;t=30$/)
    expect((await createRun(profile)).status).toBe(202)

    const refused = await createRun(profile)
    expect([refused.status, await refused.json()]).toEqual([
      429,
      expect.objectContaining({ type: 'urn:stella:problem:limit/rate', code: 'limit/rate', status: 429 }),
    ])
    expect(refused.headers.get('content-type')).toBe('application/problem+json')
    expect(Number(refused.headers.get('retry-after'))).toSatisfy((seconds: number) => seconds >= 1 && seconds <= 30)
    expect(refused.headers.get('ratelimit')).toMatch(/"profile";r=0;t=\d+$/)
    expect(await runsOf(profile)).toHaveLength(2)
    expect((await createRun(await makeProfile('unlimited', {}))).status).toBe(202)
  })

  test('a run that was created before, by its Idempotency-Key, spends nothing', async () => {
    const profile = await makeProfile('one a minute', { runs_per_minute: 1 })
    const headers = { 'idempotency-key': 'once' }
    const body = JSON.stringify({ profile_id: profile })
    const answers = []
    for (let time = 0; time < 4; time++)
      answers.push(await tenant.api('/export/runs', { method: 'POST', headers, body }))
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202])
    expect(await runsOf(profile)).toHaveLength(1)
  })

  test('a tenant that has spent its requests is refused whatever it asks, and no other tenant is', async () => {
    const greedy = await openTenant(stack, 'greedy')
    const paths = ['/export/runs/run_none', '/export/profiles']
    const statuses: number[] = []
    const refused = new Set<string>()
    // A quota fills again while it is spent: asking goes on until each address was refused, however long that takes.
    while (refused.size < paths.length && statuses.length < 20_000) {
      const batch = Array.from({ length: 50 }, async (_, at) => {
        const path = paths[at % paths.length] ?? ''
        const response = await greedy.api(path)
        await response.body?.cancel()
        if (response.status === 429) refused.add(path)
        return response.status
      })
      statuses.push(...(await Promise.all(batch)))
    }
    expect(statuses.slice(0, 2500).filter((status) => status === 429)).toEqual([])
    expect([...refused].sort()).toEqual(paths.toSorted())
    expect((await tenant.api('/export/profiles')).status).toBe(200)
  })

  test.each([{ concurrent_runs: 0 }, { runs_per_minute: 1.5 }, { runs: 1 }, { concurrent_runs: '3' }])(
    'a profile with the limits %j is refused',
    async (limits) => {
      const body = JSON.stringify({ name: 'bad', kind: 'json', variant: 'raw', config: { limits } })
      expect((await tenant.api('/export/profiles', { method: 'POST', body })).status).toBe(400)
    },
  )
})
