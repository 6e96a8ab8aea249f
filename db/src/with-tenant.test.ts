import { Problem } from '@stella/contracts'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { pingDatabase } from './open-database.ts'
import { problemOf } from './testing/evidence.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'
import { withTenant } from './with-tenant.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

test('withTenant() sets the tenant for its transaction alone', async () => {
  const inside = await withTenant(database, 'acme', (tx) =>
    tx.execute(sql`select current_setting('app.tenant_id') as tenant`),
  )
  expect([...inside]).toEqual([{ tenant: 'acme' }])
  const outside = await database.transaction({ settings: '' }, (tx) =>
    tx.execute(sql`select coalesce(current_setting('app.tenant_id', true), '') as tenant`),
  )
  expect([...outside]).toEqual([{ tenant: '' }])
})

test('withTenant() gives on what its work throws, and names failures of the database', async () => {
  const own = new RangeError('mine')
  await expect(withTenant(database, 'acme', () => Promise.reject(own))).rejects.toBe(own)
  const problem = new Problem('plan/too-large', 'x')
  await expect(withTenant(database, 'acme', () => Promise.reject(problem))).rejects.toBe(problem)
  const refused = withTenant(database, 'acme', (tx) => tx.execute(sql`select 1 / 0`))
  await expect(refused).rejects.toMatchObject({ code: 'internal', cause: { cause: { code: '22012' } } })
  await expect(refused).rejects.not.toThrow('division')
})

test('a session lost between two statements is db/unavailable, and fails nowhere out of sight', async () => {
  const lost = withTenant(database, 'acme', async (tx) => {
    const [session] = await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`)
    await database.owner`select pg_terminate_backend(${session?.pid ?? 0}, 5000)`
    for (let journey = 0; journey < 10; journey++) await pingDatabase(database)
    await tx.execute(sql`select 1`)
  })
  expect(await problemOf(lost)).toBe('db/unavailable')
  const unused = withTenant(database, 'acme', async (tx) => {
    const [session] = await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`)
    await database.owner`select pg_terminate_backend(${session?.pid ?? 0}, 5000)`
    for (let journey = 0; journey < 10; journey++) await pingDatabase(database)
  })
  expect(await problemOf(unused)).toBe('db/unavailable')
  for (let journey = 0; journey < 10; journey++) await pingDatabase(database)
})

test('a lost session is db/unavailable, and the pool works on', async () => {
  const lost = withTenant(database, 'acme', async (tx) => {
    const [session] = await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`)
    await database.owner`select pg_terminate_backend(${session?.pid ?? 0})`
    await tx.execute(sql`select pg_sleep(60)`)
  })
  expect(await problemOf(lost)).toBe('db/unavailable')
  for (let attempt = 0; attempt < 20; attempt++) await pingDatabase(database)
  expect(await withTenant(database, 'acme', async () => 'again')).toBe('again')
})
