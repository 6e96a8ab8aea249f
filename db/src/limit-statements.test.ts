import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { limitStatements } from './limit-statements.ts'
import { problemOf } from './testing/evidence.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'
import { withTenant } from './with-tenant.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

test('limitStatements() ends a statement that takes longer, and holds for its transaction alone', async () => {
  const slow = sql`select pg_sleep(0.2)`
  const limited = withTenant(database, 'acme', async (tx) => {
    await limitStatements(tx, 20)
    await tx.execute(slow)
  })
  expect(await problemOf(limited)).toBe('db/timeout')
  await withTenant(database, 'acme', (tx) => tx.execute(slow))
})
