import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { formatDatabaseUrl, parseDatabaseUrl } from '@stella/core'
import { is } from 'drizzle-orm'
import { getTableConfig, type PgColumn, PgTable } from 'drizzle-orm/pg-core'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'

import * as auditTables from './audit-tables.ts'
import { connectionOptions } from './connection-options.ts'
import * as eventOutboxTable from './event-outbox-table.ts'
import { migrate } from './migrate.ts'
import { openDatabase, pingDatabase } from './open-database.ts'
import * as schema from './schema.ts'
import { problemOf } from './testing/evidence.ts'
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from './testing/test-database.ts'
import * as verificationTable from './verification-table.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

const tables = Object.values({ ...schema, ...auditTables, ...eventOutboxTable, ...verificationTable })
  .filter((value) => is(value, PgTable))
  .map(getTableConfig)

test('the journal numbers migrations from 0, each with a later time: one that is earlier would be passed over', () => {
  const text = readFileSync(new URL('../migrations/meta/_journal.json', import.meta.url), 'utf8')
  const { entries } = JSON.parse(text) as { entries: { idx: number; when: number }[] }
  expect(entries.map(({ idx }) => idx)).toEqual(entries.map((_, index) => index))
  expect(entries.map(({ when }) => when)).toEqual([...new Set(entries.map(({ when }) => when))].sort((a, b) => a - b))
})

test('the drizzle schema names the columns of the migrated tables', async () => {
  const found = await database.owner`
    select c.relname as "table", a.attname as name, format_type(a.atttypid, a.atttypmod)
      || case when a.attcollation = '"C"'::regcollation then ' collate "C"' else '' end as type, a.attnotnull as "notNull"
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 order by 1, a.attnum`
  const typeOf = (column: PgColumn) => column.getSQLType()
  const named = tables
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ name: table, columns, primaryKeys }) =>
      columns.map((column) => ({
        table,
        name: column.name,
        type: typeOf(column),
        notNull: column.notNull || primaryKeys.some((key) => key.columns.some(({ name }) => name === column.name)),
      })),
    )
  expect(named).toEqual([...found])
})

test('the drizzle schema names the keys and indices of the migrated tables', async () => {
  const found = await database.owner<
    { table: string; columns: string[]; primary: boolean; unique: boolean; partial: boolean }[]
  >`
    select c.relname as "table", i.indisprimary as "primary", i.indisunique as "unique", i.indpred is not null as partial,
      to_json(array(select pg_get_indexdef(i.indexrelid, n, true) from generate_series(1, i.indnkeyatts) n)) as columns
    from pg_index i join pg_class c on c.oid = i.indrelid where c.relnamespace = 'public'::regnamespace`
  const named = tables.flatMap((table) =>
    [
      ...table.primaryKeys.map((key) => ({
        columns: key.columns.map(({ name }) => name),
        primary: true,
        unique: true,
        partial: false,
      })),
      ...table.columns
        .filter(({ primary }) => primary)
        .map(({ name }) => ({ columns: [name], primary: true, unique: true, partial: false })),
      ...table.uniqueConstraints.map((key) => ({
        columns: key.columns.map(({ name }) => name),
        primary: false,
        unique: true,
        partial: false,
      })),
      ...table.indexes.map(({ config }) => ({
        columns: config.columns.map((column) => ('name' in column ? String(column.name) : '')),
        primary: false,
        unique: config.unique,
        partial: config.where !== undefined,
      })),
    ].map((index) => ({ table: table.name, ...index })),
  )
  const text = (index: object) => JSON.stringify(Object.entries(index).sort())
  expect(named.map(text).sort()).toEqual([...found].map(text).sort())
})

test('migrate() derives the login from the owner, twice and at the same time, in several databases', async () => {
  const [one, two] = await Promise.all([createEmptyDatabase(), createEmptyDatabase()])
  try {
    const urls = await Promise.all([one, one, two, two].map(({ ownerUrl }) => migrate(ownerUrl)))
    const owner = parseDatabaseUrl(one.ownerUrl)
    const password = createHmac('sha256', owner.password || owner.user)
      .update('stella_app')
      .digest('base64url')
    expect(urls[0]).toBe(formatDatabaseUrl({ ...owner, user: 'stella_app', password }))
    expect(urls[1]).toBe(urls[0])
    expect(urls[3]).toBe(urls[2])

    const before = await stateOf(one.ownerUrl)
    expect(await migrate(one.ownerUrl)).toBe(urls[0])
    expect(await stateOf(one.ownerUrl)).toEqual(before)
  } finally {
    await Promise.all([one.drop(), two.drop()])
  }
})

test('migrate() works for an owner with CREATEROLE that is no superuser, where the roles exist', async () => {
  const { ownerUrl, drop } = await createEmptyDatabase()
  const server = parseDatabaseUrl(ownerUrl)
  const name = `owner_${server.database}`
  const admin = postgres(connectionOptions(ownerUrl, 1))
  try {
    await admin.unsafe(`create role ${name} login createrole password 'p'; alter database ${server.database} owner to ${name};
      alter schema public owner to ${name}`)
    // The login role's password comes from the owner's, so this owner has to be given the one it was made with.
    const login = await problemOf(migrate(formatDatabaseUrl({ ...server, user: name, password: 'p' })))
    expect(login).toBe('config/invalid')
    await admin.unsafe(`alter role ${name} password '${server.password || server.user}'`)
    const url = await migrate(formatDatabaseUrl({ ...server, user: name, password: server.password || server.user }))
    const database = openDatabase(url, { max: 1 })
    await pingDatabase(database)
    await database.close()
  } finally {
    await admin.end({ timeout: 1 })
    await drop()
    await database.owner.unsafe(`drop role ${name}`)
  }
})

test('a database that cannot be reached is db/unavailable', async () => {
  const nowhere = openDatabase('postgres://x:y@127.0.0.1:1/z', { max: 1 })
  expect(await problemOf(pingDatabase(nowhere))).toBe('db/unavailable')
  expect(await problemOf(migrate('postgres://x:y@/z?host=/nonexistent&port=1'))).toBe('db/unavailable')
  expect(() => openDatabase('mysql://x')).toThrow('DATABASE_URL')
  await nowhere.close()
})

/** All that a second migration could change. */
async function stateOf(ownerUrl: string): Promise<unknown> {
  const owner = postgres(connectionOptions(ownerUrl, 1))
  try {
    return [
      ...(await owner`select json_agg(m order by id) as migrations from drizzle.__drizzle_migrations m`),
      ...(await owner`select rolpassword, xmin::text from pg_authid where rolname in ('stella_app', 'stella_sweep') order by rolname`),
      ...(await owner`select count(*)::int as tables, max(xmin::text::bigint)::text as newest from pg_class where relnamespace = 'public'::regnamespace`),
      ...(await owner`select datacl::text from pg_database where datname = current_database()`),
    ]
  } finally {
    await owner.end({ timeout: 1 })
  }
}
