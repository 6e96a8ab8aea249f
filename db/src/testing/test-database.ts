import { randomBytes } from 'node:crypto'
import { formatDatabaseUrl, parseDatabaseUrl } from '@stella/core'
import postgres, { type Sql } from 'postgres'
import { inject } from 'vitest'

import { connectionOptions } from '../connection-options.ts'
import { migrate } from '../migrate.ts'
import { type Database, openDatabase } from '../open-database.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgresOwnerUrl: string
  }
}

/** A migrated database of its own for one test file. */
export interface TestDatabase extends Database {
  readonly ownerUrl: string
  /** A session of the owner, whom row level security does not bind. */
  readonly owner: Sql
}

/** Makes an empty database on the server of the test run; `close` drops it. */
export async function createEmptyDatabase(): Promise<{ ownerUrl: string; drop: () => Promise<void> }> {
  const serverUrl = inject('postgresOwnerUrl')
  const database = `db_${randomBytes(8).toString('hex')}`
  await onServer(serverUrl, (server) => server`create database ${server(database)}`)
  return {
    ownerUrl: formatDatabaseUrl({ ...parseDatabaseUrl(serverUrl), database }),
    drop: () => onServer(serverUrl, (server) => server`drop database ${server(database)} with (force)`),
  }
}

/** Makes and migrates a database, and opens it as the login role; `close` drops it. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { ownerUrl, drop } = await createEmptyDatabase()
  const database = openDatabase(await migrate(ownerUrl))
  const owner = postgres(connectionOptions(ownerUrl, 2))
  const close = async () => {
    await database.close()
    await owner.end({ timeout: 1 })
    await drop()
  }
  return { ...database, ownerUrl, owner, close }
}

async function onServer(url: string, work: (server: Sql) => PromiseLike<unknown>): Promise<void> {
  const server = postgres(connectionOptions(url, 1))
  try {
    await work(server)
  } finally {
    await server.end({ timeout: 1 })
  }
}
