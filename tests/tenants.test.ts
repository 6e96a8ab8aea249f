import { join } from 'node:path'

import { type Endpoint, endpoints } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createProfile, exportBundle, openTenant, post, samples, type Tenant } from './support/tenant.ts'
import { wellFormed } from './support/well-formed.ts'

let stack: TestStack
let mine: Tenant
let theirs: Tenant
let foreign: string[]

const byId = Object.entries(endpoints).filter(([, { path }]) => path.includes(':id'))
const lists = Object.entries(endpoints).filter(
  ([, { method, path, role }]) => method === 'GET' && role && !path.includes(':id'),
)

beforeAll(async () => {
  stack = await startTestStack()
  mine = await openTenant(stack, 'tenant-a')
  theirs = await openTenant(stack, 'tenant-b')
  const batch = await post(theirs, '{"schema_version":"1.7.0","id":"SECRET-OF-B","modified":"2024-01-01T00:00:00Z"}')
  const profile = await createProfile(theirs)
  const { run } = await exportBundle(theirs, 'b.tar.zst')
  foreign = [batch.id, profile, run.id]
})
afterAll(() => stack?.stop())

async function ask(tenant: Tenant, endpoint: Endpoint, id: string): Promise<[number, string]> {
  const answer = await tenant.api(endpoint.path.replace(':id', id), wellFormed(endpoint))
  return [answer.status, (await answer.text()).replaceAll(id, '<id>')]
}

describe("another tenant's id", () => {
  test.each(byId)('answers %s as one that does not exist', async (_, endpoint) => {
    for (const id of foreign) {
      const absent = `${id.slice(0, -1)}${id.endsWith('0') ? '1' : '0'}`
      const asked = await ask(mine, endpoint, id)
      expect(asked).toEqual(await ask(mine, endpoint, absent))
      expect(asked[0]).toBe(404)
    }
  })

  test('may be taken for a profile of our own, which is another one', async () => {
    expect(await createProfile(mine)).toBe(foreign[1])
  })
})

describe('lists and exports', () => {
  test.each(lists)('of %s never name what is theirs', async (_, { path }) => {
    const text = await (await mine.api(`${path}?limit=200`)).text()
    for (const id of [foreign[0], foreign[2]]) expect(text).not.toContain(id)
  })

  test('count and hold only what is ours', async () => {
    await mine.json('ingest', join(samples, 'vex'))
    const { run, bundle } = await exportBundle(mine, 'a.tar.zst')
    expect(run).toMatchObject({ ledger_revision: 1, counts: { advisories: 0 } })
    expect((await mine.stella('export', 'verify', bundle)).code).toBe(0)
  })
})

describe('without a token', () => {
  const guarded = Object.entries(endpoints).filter(([, { role }]) => role !== null)
  test.each(guarded)('%s answers 401', async (_, { method, path }) => {
    const answer = await fetch(`${stack.url}${path.replace(':id', foreign[2] ?? '')}`, { method })
    expect(answer.status).toBe(401)
  })
})

describe('every role', () => {
  const rank = ['Export.Viewer', 'Export.Operator', 'Export.Admin'] as const
  test.each(rank)('%s is denied exactly what needs more', async (role) => {
    const caller = await openTenant(stack, 'tenant-roles', role)
    for (const [name, { method, path, role: needed }] of Object.entries(endpoints)) {
      if (needed === null) continue
      const { status } = await caller.api(path.replace(':id', 'none'), { method })
      expect(status === 403, name).toBe(rank.indexOf(needed) > rank.indexOf(role))
    }
  })
})
