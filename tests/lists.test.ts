import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { openTenant, post, type Tenant, until } from './support/tenant.ts'

interface Item {
  readonly id: string
  readonly state?: string
  readonly created_at: string
}
interface Page {
  readonly items: Item[]
  readonly next_cursor: string | null
}

let stack: TestStack
let tenant: Tenant
let other: Tenant

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'lists')
  other = await openTenant(stack, 'lists-other')
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    const body = JSON.stringify({ name, kind: 'json', variant: 'raw' })
    await tenant.api('/export/profiles', { method: 'POST', body })
    await post(tenant, `{"schema_version":"1.7.0","id":"L-${name}","modified":"2024-01-01T00:00:00Z"}`)
    const run = JSON.stringify({ profile_id: name < 'c' ? 'prof_a' : `prof_${name}` })
    const { id } = (await (await tenant.api('/export/runs', { method: 'POST', body: run })).json()) as Item
    await until(
      async () => ((await (await tenant.api(`/export/runs/${id}`)).json()) as Item).state === 'succeeded' || null,
    )
  }
})
afterAll(() => stack?.stop())

async function page(path: string, query: Record<string, string> = {}, as = tenant): Promise<Page> {
  return (await (await as.api(`${path}?${new URLSearchParams(query)}`)).json()) as Page
}

const lists = ['/export/profiles', '/export/runs', '/ledger/ingests']

describe.each(lists)('%s', (path) => {
  test('gives every item once, page by page, in one order', async () => {
    const whole = (await page(path, { limit: '200' })).items
    expect(whole.length).toBe(5)
    for (const limit of ['1', '2', '5']) {
      const found: Item[] = []
      let cursor: string | null = null
      do {
        const next: Page = await page(path, { limit, ...(cursor === null ? {} : { cursor }) })
        found.push(...next.items)
        cursor = next.next_cursor
      } while (cursor !== null)
      expect(found).toEqual(whole)
    }
    expect(await page(path, {}, other)).toEqual({ items: [], next_cursor: null })
  })

  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  test.each([
    '',
    '!!',
    'AAAA',
    encoded(null),
    encoded([]),
    encoded({ length: 1, 0: 'x' }),
    encoded(['x', 'y', 'z']),
    encoded([1]),
    encoded([['a']]),
    encoded(['a\0']),
    encoded(['2024-01-01T00:00:00.000Z', 'a\0']),
    encoded(['2024-13-01T00:00:00.000Z', 'a']),
    encoded(["'; drop table profiles; --", 'x']),
    ...['runs', 'ingests', 'profiles', 'audit'].flatMap((list) => [
      encoded([list, '2020-02-30T00:00:00.000Z', 'a']),
      encoded([list, '0000-01-01T00:00:00.000Z', 'a']),
      encoded([list]),
    ]),
    Buffer.from([0xff, 0xfe, 0x00]).toString('base64url'),
    'x'.repeat(201),
    'W'.repeat(200),
  ])('answers 400 to the cursor %j', async (cursor) => {
    const answer = await tenant.api(`${path}?${new URLSearchParams({ cursor })}`)
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, 'request/invalid'])
  })
})

test('a cursor of one list is refused by every other', async () => {
  const cursors = await Promise.all(
    [...lists, '/ledger/revisions', '/audit'].map(async (path) => [
      path,
      (await page(path, { limit: '1' })).next_cursor,
    ]),
  )
  for (const [path, cursor] of cursors) {
    for (const [other] of cursors) {
      const { status } = await tenant.api(`${other}?${new URLSearchParams({ limit: '1', cursor: cursor ?? '' })}`)
      expect([path, other, status]).toEqual([path, other, path === other ? 200 : 400])
    }
  }
})

test.each(['/export/runs', '/ledger/ingests'])(
  '%s takes the times between which to look, the first one included',
  async (path) => {
    const { items } = await page(path)
    const [from, to] = [items.at(3)?.created_at ?? '', items.at(1)?.created_at ?? '']
    expect((await page(path, { from, to })).items).toEqual(items.slice(2, 4))
    expect((await page(path, { from: to, to: from })).items).toEqual([])
  },
)

test('filters of lists combine, and each takes away only what it says', async () => {
  const runs = (await page('/export/runs')).items
  expect((await page('/export/runs', { profile_id: 'prof_a' })).items).toEqual(runs.slice(3))
  expect((await page('/export/runs', { state: 'succeeded', profile_id: 'prof_e' })).items).toEqual(runs.slice(0, 1))
  expect((await page('/export/runs', { state: 'failed' })).items).toEqual([])
  expect((await page('/export/profiles', { kind: 'json', variant: 'raw' })).items.length).toBe(5)
  expect((await page('/export/profiles', { kind: 'trivy' })).items).toEqual([])
  expect((await page('/export/profiles', { variant: 'policy' })).items).toEqual([])
  expect((await page('/ledger/ingests', { state: 'completed' })).items.length).toBe(5)
  expect((await page('/ledger/ingests', { state: 'failed' })).items).toEqual([])
})

test("runs of the own tenant are all of them; of another's there are none, whether it exists or not", async () => {
  expect(await page('/export/runs', { tenant_id: 'lists' })).toEqual(await page('/export/runs'))
  for (const tenant_id of ['lists-other', 'absent']) {
    expect(await page('/export/runs', { tenant_id })).toEqual({ items: [], next_cursor: null })
    expect((await page('/export/runs', { tenant_id: 'lists' }, other)).items).toEqual([])
  }
})
