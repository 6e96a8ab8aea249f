import { afterAll, beforeAll, expect, test } from 'vitest'

import {
  type CreatingAnswer,
  claimKey,
  type KeyedRequest,
  recordAnswer,
  removeExpiredKeys,
} from './idempotency-keys.ts'
import { problemOf, sha256 } from './testing/evidence.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'
import { withTenant } from './with-tenant.ts'

const answer: CreatingAnswer = { status: 201, headers: { location: '/x/1' }, body: '{"b":1,"a":2}' }
let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

const request = (key: string, more: Partial<KeyedRequest> = {}): KeyedRequest => ({
  tenantId: 'acme',
  key,
  fingerprint: sha256('one'),
  ...more,
})
const claim = (asked: KeyedRequest) => withTenant(database, asked.tenantId, (tx) => claimKey(tx, asked))
const use = (asked: KeyedRequest) =>
  withTenant(database, asked.tenantId, async (tx) => {
    expect(await claimKey(tx, asked)).toBeNull()
    await recordAnswer(tx, asked, answer)
  })

test('claimKey() answers what the key was answered first, to the same request only, in one tenant only', async () => {
  await use(request('k'))
  expect(await claim(request('k'))).toEqual(answer)
  expect(await problemOf(claim(request('k', { fingerprint: sha256('two') })))).toBe('request/key-reused')
  expect(await claim(request('k', { tenantId: 'other' }))).toBeNull()
})

test('a key is claimed by one transaction at a time, and free again when that one fails', async () => {
  const asked = request('busy')
  const failing = withTenant(database, 'acme', async (tx) => {
    await claimKey(tx, asked)
    expect(await problemOf(claim(asked))).toBe('request/in-progress')
    expect(await claim(request('busy', { tenantId: 'other' }))).toBeNull()
    await recordAnswer(tx, asked, answer)
    throw new Error('the work failed')
  })
  await expect(failing).rejects.toThrow('the work failed')
  expect(await claim(asked)).toBeNull()
})

test('removeExpiredKeys() removes those of every tenant that have expired, and no other', async () => {
  for (const tenantId of ['acme', 'other']) for (const key of ['old', 'new']) await use(request(key, { tenantId }))
  await database.owner`update idempotency_keys set expires_at = now() - interval '1 second' where key = 'old'`
  await removeExpiredKeys(database)
  const left =
    await database.owner`select tenant_id, key from idempotency_keys where key in ('old', 'new') order by tenant_id`
  expect([...left]).toEqual([
    { tenant_id: 'acme', key: 'new' },
    { tenant_id: 'other', key: 'new' },
  ])
})
