import type { Filters, Profile, Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { openTenant, post, type Tenant, until } from './support/tenant.ts'

let stack: TestStack
let tenant: Tenant

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'profiles')
})
afterAll(() => stack?.stop())

async function create(name: string, config: object = {}): Promise<{ path: string; etag: string; profile: Profile }> {
  const body = JSON.stringify({ name, kind: 'json', variant: 'raw', config })
  const answer = await tenant.api('/export/profiles', { method: 'POST', body })
  expect(answer.status, await answer.clone().text()).toBe(201)
  return {
    path: answer.headers.get('location') ?? '',
    etag: answer.headers.get('etag') ?? '',
    profile: (await answer.json()) as Profile,
  }
}

function patch(path: string, ifMatch: string | null, body: unknown): Promise<Response> {
  const headers: Record<string, string> = { 'content-type': 'application/merge-patch+json' }
  if (ifMatch !== null) headers['if-match'] = ifMatch
  return tenant.api(path, { method: 'PATCH', headers, body: JSON.stringify(body) })
}

const remove = (path: string, ifMatch: string) =>
  tenant.api(path, { method: 'DELETE', headers: { 'if-match': ifMatch } })

async function codeOf(answer: Response): Promise<[number, string]> {
  return [answer.status, ((await answer.json()) as { code: string }).code]
}

async function finished(id: string): Promise<Run> {
  return until(async () => {
    const run = (await (await tenant.api(`/export/runs/${id}`)).json()) as Run
    return run.finished_at ? run : null
  })
}

async function startRun(profile_id: string, filters?: Filters): Promise<Response> {
  return tenant.api('/export/runs', { method: 'POST', body: JSON.stringify({ profile_id, filters }) })
}

describe('PATCH of a profile', () => {
  test('makes a new revision with a new ETag; a run keeps the one that it was made after', async () => {
    await post(tenant, '{"schema_version":"1.7.0","id":"P-1","modified":"2024-01-01T00:00:00Z"}')
    const { path, etag, profile } = await create('patched', { filters: { ecosystems: ['npm'], tags: ['v1'] } })
    const before = (await (await startRun(profile.id)).json()) as Run

    const answer = await patch(path, etag, {
      config: { filters: { ecosystems: ['Go'], tags: null }, compression: null },
    })
    const changed = (await answer.json()) as Profile
    expect(changed).toMatchObject({ id: profile.id, revision: 2, config: { compression: { level: 3 } } })
    expect(changed.config.filters).toEqual({ ecosystems: ['Go'] })
    expect(answer.headers.get('etag')).not.toBe(etag)
    expect(await (await tenant.api(path)).json()).toEqual(changed)

    const run = await finished(before.id)
    const manifest = (await (await tenant.api(`/export/runs/${run.id}/manifest`)).json()) as {
      content: { profile: { revision: number }; filters: Filters }
    }
    expect(manifest.content).toMatchObject({ profile: { revision: 1 }, filters: { ecosystems: ['npm'], tags: ['v1'] } })
    expect((await (await startRun(profile.id)).json()) as Run).toMatchObject({ profile_revision: 2 })
  })

  test('that changes nothing makes no revision', async () => {
    const { path, etag } = await create('same', { filters: { ecosystems: ['npm'] } })
    const answer = await patch(path, etag, { config: { filters: { ecosystems: ['npm'] }, distribution: null } })
    expect([answer.status, answer.headers.get('etag')]).toEqual([200, etag])
  })

  test('answers 428 without If-Match, 412 with a stale or a weak one, and takes *', async () => {
    const { path, etag } = await create('matched')
    const change = (level: number) => ({ config: { compression: { level } } })
    expect(await codeOf(await patch(path, null, change(4)))).toEqual([428, 'request/precondition-required'])
    expect((await patch(path, etag, change(4))).status).toBe(200)
    for (const stale of [etag, '"99"', 'W/"2"', 'x']) {
      expect(await codeOf(await patch(path, stale, change(5)))).toEqual([412, 'request/precondition-failed'])
    }
    expect((await patch(path, `"77", "2"`, change(6))).status).toBe(200)
    expect((await patch(path, '*', change(7))).status).toBe(200)
  })

  test('of one revision by many at once is made by one of them', async () => {
    const { path, etag } = await create('raced')
    const levels = [4, 5, 6, 7, 8, 9, 10, 11]
    const answers = await Promise.all(levels.map((level) => patch(path, etag, { config: { compression: { level } } })))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array(7).fill(412)])
    expect((await (await tenant.api(path)).json()) as Profile).toMatchObject({ revision: 2 })
  })

  test('of any revision by many at once is made by all of them, one after the other', async () => {
    const { path } = await create('crowded')
    const levels = [4, 5, 6, 7, 8, 9, 10, 11]
    const answers = await Promise.all(levels.map((level) => patch(path, '*', { config: { compression: { level } } })))
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200))
    expect((await (await tenant.api(path)).json()) as Profile).toMatchObject({ revision: 9 })
  })

  test.each([
    [{ name: 'other' }, /only config/],
    [{ config: { colour: 'red' } }, /colour/],
    [{ config: { signing: { key: 'other' } } }, /signing: this version cannot/],
    [{ config: { encryption: { recipients: ['age1'] } } }, /is no age recipient/],
    [{ config: { compression: { level: 99 } } }, /level/],
    [{ config: { filters: { time_to: '2023-01-01T00:00:00Z' } } }, /time_from must lie before/],
    [{ config: { filters: { tenant_id: 'someone-else' } } }, /only your own tenant/],
    [[], /the body/],
  ])('%j is refused, saying why', async (body, reason) => {
    const { path } = (await tenant.api('/export/profiles/prof_refused')).ok
      ? { path: '/export/profiles/prof_refused' }
      : await create('refused', { filters: { time_from: '2024-01-01T00:00:00Z' } })
    const answer = await patch(path, '*', body)
    expect(answer.status).toBe(400)
    expect(((await answer.json()) as { detail: string }).detail).toMatch(reason)
  })
})

describe('DELETE of a profile', () => {
  test('leaves its runs; its id answers 404; made anew it goes on with the next revision', async () => {
    const { path, etag, profile } = await create('short lived')
    const run = (await (await startRun(profile.id)).json()) as Run

    expect(await codeOf(await remove(path, '"9"'))).toEqual([412, 'request/precondition-failed'])
    expect((await remove(path, etag)).status).toBe(204)
    for (const gone of [await tenant.api(path), await patch(path, '*', { config: {} }), await remove(path, '*')]) {
      expect(await codeOf(gone)).toEqual([404, 'resource/not-found'])
    }
    expect(await codeOf(await startRun(profile.id))).toEqual([404, 'resource/not-found'])
    expect(await (await tenant.api('/export/profiles?limit=200')).text()).not.toContain(profile.id)

    expect(await finished(run.id)).toMatchObject({ state: 'succeeded', profile_id: profile.id, profile_revision: 1 })
    const again = await create('short lived', { compression: { level: 5 } })
    expect([again.path, again.profile.revision, again.etag]).toEqual([path, 3, '"3"'])
  })
})

describe('GET of a profile', () => {
  test('answers 304 to the ETag that it gave, weak or among others, and 200 to an older one', async () => {
    const { path, etag } = await create('cached')
    const status = async (header: string) => (await tenant.api(path, { headers: { 'if-none-match': header } })).status
    for (const header of [etag, `W/${etag}`, `"x", ${etag}`, '*']) expect(await status(header), header).toBe(304)
    await patch(path, etag, { config: { compression: { level: 9 } } })
    expect(await status(etag)).toBe(200)
  })
})

test("a filter may name the caller's own tenant, which changes nothing", async () => {
  const { profile } = await create('tenanted', { filters: { tenant_id: 'profiles', ecosystems: ['npm'] } })
  const run = (await (await startRun(profile.id, { tenant_id: 'profiles' })).json()) as Run
  expect(run.filters).toEqual({ ecosystems: ['npm'] })
  const refused = await startRun(profile.id, { tenant_id: 'absent' })
  expect(await codeOf(refused)).toEqual([400, 'request/invalid'])
})
