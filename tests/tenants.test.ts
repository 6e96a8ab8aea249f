import { createHash } from 'node:crypto'
import { join } from 'node:path'

import { type Endpoint, type EndpointName, endpoints, problems, type Role, roles } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { goodRequests, type Owned, pathOf } from './support/good-request.ts'
import { createProfile, exportBundle, openTenant, post, samples, type Tenant } from './support/tenant.ts'
import { upgrade } from './support/upgrade.ts'
import { wellFormed } from './support/well-formed.ts'

const OWN = '{"schema_version":"1.7.0","id":"OF-A","modified":"2024-01-01T00:00:00Z"}'
const SECRET = '{"schema_version":"1.7.0","id":"SECRET-OF-B","modified":"2024-01-01T00:00:00Z"}'

let stack: TestStack
let mine: Owned
let theirs: Owned
let callers: ReadonlyMap<Role, Tenant>

const table = Object.entries(endpoints) as [EndpointName, Endpoint][]
const guarded = table.filter(([, { role }]) => role !== null)
const byId = guarded.filter(([, { path }]) => path.includes('/:'))
const lists = guarded.filter(([, { method, path, isSocket }]) => method === 'GET' && !path.includes('/:') && !isSocket)

beforeAll(async () => {
  stack = await startTestStack()
  ;[mine, theirs] = await Promise.all([own('tenant-a', OWN), own('tenant-b', SECRET)])
  callers = new Map(
    await Promise.all(roles.map(async (role) => [role, await openTenant(stack, 'tenant-a', role)] as const)),
  )
})
afterAll(() => stack?.stop())

/** A tenant that owns one of everything. */
async function own(id: string, document: string): Promise<Owned> {
  const admin = await openTenant(stack, id)
  const ingest = (await post(admin, document)).id
  const profile = await createProfile(admin)
  const { run } = await exportBundle(admin, 'bundle.tar.zst')
  return { admin, ingest, profile, run: run.id, artifact: createHash('sha256').update(document).digest('hex') }
}

function callerOf(role: Role): Tenant {
  const caller = callers.get(role)
  if (!caller) throw new Error(`nobody is ${role}`)
  return caller
}

/** All that a caller sees of an answer, without what differs between any two: the time, what is left of a quota, the id asked for. */
async function seen(caller: Tenant, endpoint: Endpoint, id: string) {
  const request = wellFormed(endpoint)
  const headers = { ...(request.headers as Record<string, string>), 'x-request-id': 'the-same' }
  const answer = await caller.api(pathOf(endpoint.path, { id, artifact: id }), { ...request, headers })
  const told = [...answer.headers].filter(([name]) => name !== 'date')
  return {
    status: answer.status,
    headers: told.map(([name, value]) => (name.startsWith('ratelimit') ? name : `${name}: ${value}`)),
    body: (await answer.text()).replaceAll(id, '<id>'),
  }
}

const cases = guarded.flatMap(([name, endpoint]) => roles.map((role) => [name, role, endpoint] as const))
const mayUse = (role: Role, endpoint: Endpoint) =>
  endpoint.role === null || roles.indexOf(role) >= roles.indexOf(endpoint.role)

describe('what a tenant owns', () => {
  test('every endpoint of the table is asked', () => {
    expect(Object.keys(goodRequests).sort()).toEqual(table.map(([name]) => name).sort())
  })

  test.each(cases)('%s is for %s what the table says', async (name, role, endpoint) => {
    const answer = await goodRequests[name](callerOf(role), mine)
    const told = [
      ...Object.keys(endpoint.answers).map(Number),
      ...endpoint.problems.map((code) => problems[code].status),
    ]
    if (mayUse(role, endpoint)) expect(told[0]).toBe(answer.status)
    else expect(answer.status).toBe(403)
  })
})

describe("another tenant's id", () => {
  const foreign = byId.flatMap(([name, endpoint]) => roles.map((role) => [name, role, endpoint] as const))

  test.each(foreign)('answers %s by %s as one that does not exist, byte for byte', async (_, role, endpoint) => {
    for (const id of [theirs.ingest, theirs.profile, theirs.run, theirs.artifact]) {
      // Where both tenants have an id, as that of a profile, it is one's own.
      if (id === mine.profile) continue
      const absent = `${id.slice(0, -1)}${id.endsWith('0') ? '1' : '0'}`
      const asked = await seen(callerOf(role), endpoint, id)
      expect(asked).toEqual(await seen(callerOf(role), endpoint, absent))
      expect(asked.status).toBe(mayUse(role, endpoint) ? 404 : 403)
    }
  })

  test('is told from our own where runs of both are asked for at once', async () => {
    const asked = Array.from({ length: 120 }, (_, index) => ({
      caller: index % 2 === 0 ? mine : theirs,
      run: index % 4 < 2 ? mine.run : theirs.run,
    }))
    const answered = await Promise.all(
      asked.map(async ({ caller, run }) => {
        const answer = await caller.admin.api(`/export/runs/${run}`)
        return { status: answer.status, id: ((await answer.json()) as { id?: string }).id }
      }),
    )
    const expected = asked.map(({ caller, run }) =>
      caller.run === run ? { status: 200, id: run } : { status: 404, id: undefined },
    )
    expect(answered).toEqual(expected)
  })

  test('in a body is one that does not exist, too', async () => {
    await theirs.admin.api('/export/profiles', {
      method: 'POST',
      body: JSON.stringify({ name: 'only b', kind: 'json', variant: 'raw' }),
    })
    const created = await mine.admin.api('/export/runs', {
      method: 'POST',
      body: JSON.stringify({ profile_id: 'prof_only_b' }),
    })
    expect(created.status).toBe(404)
  })

  test('in the query of a stream is one that does not exist, too', async () => {
    const stream = (run: string) => upgrade(mine.admin, `/export/streams/updates?run_id=${run}`)
    const statuses = [await stream(theirs.run), await stream('run_none'), await stream(mine.run)]
    expect(statuses.map(({ status }) => status)).toEqual([404, 404, 101])
  })

  test('may be taken for a profile of our own, which is another one', () => {
    expect(mine.profile).toBe(theirs.profile)
  })
})

describe('lists and exports', () => {
  test.each(lists)('of %s never name what is theirs', async (name, { path }) => {
    // A tenant that asked for nothing of theirs: its own audit log names what it asked for.
    const other = await openTenant(stack, 'tenant-c')
    for (const caller of name === 'listAudit' ? [other] : [other, mine.admin]) {
      const text = await (await caller.api(`${path}?limit=200`)).text()
      for (const id of [theirs.ingest, theirs.run]) expect(text).not.toContain(id)
    }
  })

  test('count and hold only what is ours', async () => {
    await mine.admin.json('ingest', join(samples, 'vex'))
    const { run, bundle } = await exportBundle(mine.admin, 'a.tar.zst', '--include', 'advisories,vex')
    expect(run).toMatchObject({ counts: { advisories: 1 } })
    expect((await mine.admin.stella('export', 'verify', bundle)).code).toBe(0)
  })
})

describe('without a token', () => {
  test.each(guarded)('%s answers 401', async (_, { method, path }) => {
    const answer = await fetch(`${stack.url}${pathOf(path, { id: theirs.run, artifact: theirs.artifact })}`, { method })
    expect(answer.status).toBe(401)
  })
})
