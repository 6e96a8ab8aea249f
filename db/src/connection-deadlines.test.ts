import { formatDatabaseUrl, parseDatabaseUrl } from '@stella/core'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { type Database, openDatabase, pingDatabase } from './open-database.ts'
import { problemOf } from './testing/evidence.ts'
import { FreezableLink } from './testing/freezable-link.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'
import { serverAddress } from './watched-socket.ts'
import { withTenant } from './with-tenant.ts'

const CONNECTIONS = 3
let whole: TestDatabase
let link: FreezableLink
let database: Database

beforeAll(async () => {
  whole = await createTestDatabase()
  const address = parseDatabaseUrl(whole.url)
  link = await FreezableLink.start(serverAddress(address))
  database = openDatabase(formatDatabaseUrl({ ...address, host: '127.0.0.1', port: link.port }), {
    max: CONNECTIONS,
    deadlines: { turnMs: 300, waiters: 50, statementMs: 500, silenceMs: 1000, idleMs: 400 },
  })
  await whole.owner`create table public.marks (mark text)`
  await whole.owner`grant insert on public.marks to public`
})
afterAll(async () => {
  await database?.close()
  await link?.stop()
  await whole?.close()
})

const mark = (text: string) =>
  withTenant(database, 'acme', (tx) => tx.execute(sql`insert into public.marks values (${text})`))

test('a server that falls silent ends each request as db/unavailable, does nothing of it later, and is used again', async () => {
  await Promise.all(Array.from({ length: CONNECTIONS }, () => mark('before')))
  link.freeze()
  const asked = Array.from({ length: 100 }, () => problemOf(mark('frozen')))
  expect(await Promise.all(asked)).toEqual(asked.map(() => 'db/unavailable'))
  expect(await problemOf(pingDatabase(database))).toBe('db/unavailable')
  link.thaw()
  await expect.poll(() => pingDatabase(database).then(() => 'answers', String), { timeout: 20_000 }).toBe('answers')
  await Promise.all(Array.from({ length: 10 }, () => mark('after')))
  const counted = await whole.owner`select mark, count(*)::int as count from public.marks group by mark order by mark`
  expect([...counted]).toEqual([
    { mark: 'after', count: 10 },
    { mark: 'before', count: CONNECTIONS },
  ])
})

test('a server that dies in mid-answer, or is slow, ends the request; unused connections are closed in between', async () => {
  const rows = withTenant(database, 'acme', (tx) =>
    tx.execute(sql`select repeat('x', 1000000) as text from generate_series(1, 200)`),
  )
  const cut = problemOf(rows)
  link.freeze()
  expect(await cut).toBe('db/unavailable')
  link.thaw()
  await expect.poll(() => pingDatabase(database).then(() => 'answers', String), { timeout: 20_000 }).toBe('answers')

  const slow = withTenant(database, 'acme', (tx) => tx.execute(sql`select pg_sleep(30)`))
  expect(await problemOf(slow)).toBe('db/timeout')
  const sessions = async () =>
    (await whole.owner`select 1 from pg_stat_activity where usename <> current_user and datname = current_database()`)
      .length
  await expect.poll(sessions, { timeout: 10_000 }).toBe(0)
  await mark('again')
})
