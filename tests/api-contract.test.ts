import { type Endpoint, endpoints, isJsonBody, openApi } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { openTenant, type Tenant } from './support/tenant.ts'

// Every call of `tenant.api` is held to the table of endpoints as well: see support/documented.ts.

let stack: TestStack
let tenant: Tenant
let examples: Tenant

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'contract')
  examples = await openTenant(stack, 'examples')
})
afterAll(() => stack?.stop())

const table = Object.entries<Endpoint>(endpoints)
const paths = [...new Set(table.map(([, { path }]) => path))]
const methodsOf = (path: string) => table.filter(([, entry]) => entry.path === path).map(([, { method }]) => method)

describe('GET /openapi.json', () => {
  test('serves the document that the table makes, without a token', async () => {
    const answer = await fetch(`${stack.url}/openapi.json`)
    expect([answer.status, await answer.json()]).toEqual([200, openApi()])
  })
})

describe('methods', () => {
  test.each(paths)('%s answers those that it has not with 405, and names those that it has', async (path) => {
    const allowed = methodsOf(path).flatMap((method): string[] => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].filter(
      (name) => !allowed.includes(name),
    )) {
      const answer = await tenant.api(path.replace(/:\w+/g, 'some'), { method })
      expect([answer.status, answer.headers.get('allow')], method).toEqual([405, allowed.join(', ')])
    }
  })

  const readable = paths.filter((path) => methodsOf(path).includes('GET') && !path.includes(':'))
  test.each(readable)('HEAD %s answers as GET does, without a body', async (path) => {
    const [head, get] = [await tenant.api(path, { method: 'HEAD' }), await tenant.api(path)]
    expect([head.status, head.headers.get('content-type')]).toEqual([get.status, get.headers.get('content-type')])
    expect([await head.text(), (await get.text()).length > 0]).toEqual(['', true])
  })
})

describe('queries', () => {
  test.each([
    ['an unknown name', '?profle_id=prof_x', /profle_id/],
    ['a name given twice', '?state=queued&state=failed', /state/],
    ['a value that is none of the list', '?state=asleep', /state/],
  ])('with %s are refused, naming it', async (_, query, name) => {
    const answer = await tenant.api(`/export/runs${query}`)
    expect(answer.status).toBe(400)
    expect(((await answer.json()) as { detail: string }).detail).toMatch(name)
  })
})

// In the order of the table: what an example names was made by one before it.
describe('examples', () => {
  const profile = 'prof_all_evidence'
  const each = table.flatMap(([name, { method, path, body }]) =>
    isJsonBody(body)
      ? Object.entries(body.examples).map(([title, value]) => ({ name, title, method, path, value }))
      : [],
  )
  test.each(each)('of $name, “$title”, are accepted', async ({ method, path, value }) => {
    const init = { method, headers: { 'if-match': '*' }, body: JSON.stringify(value) }
    const answer = await examples.api(path.replace('/profiles/:id', `/profiles/${profile}`), init)
    expect(answer.status, await answer.text()).toBeLessThan(300)
  })
})
