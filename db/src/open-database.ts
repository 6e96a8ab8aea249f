import { parseDatabaseUrl } from '@stella/core'
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'

import { connectionOptions } from './connection-options.ts'
import { databaseProblem } from './database-problem.ts'

/** Connections that a process keeps when it does not say. */
const DEFAULT_CONNECTIONS = 10
/** Time that running queries get when the database is closed, in seconds. */
const CLOSE_SECONDS = 3

/** A pool of connections. Queries over it go through `withTenant` or the sweep's functions. */
export interface Database {
  /** Where it is, for parts that open connections of their own. Holds the password: never log it. */
  readonly url: string
  readonly queries: PostgresJsDatabase
  close(): Promise<void>
}

/** What a query may be sent through: inside `withTenant` all see rows of one tenant. */
export type Transaction = Parameters<Parameters<PostgresJsDatabase['transaction']>[0]>[0]

/**
 * Opens a pool of at most `max` connections; the first query connects.
 * @throws `config/invalid` for a URL that cannot be read
 */
export function openDatabase(url: string, { max = DEFAULT_CONNECTIONS }: { max?: number } = {}): Database {
  parseDatabaseUrl(url)
  const client = postgres(connectionOptions(url, max))
  return { url, queries: drizzle(client), close: () => client.end({ timeout: CLOSE_SECONDS }) }
}

/**
 * Asks the database for an answer.
 * @throws `db/unavailable` where there is none
 */
export async function pingDatabase(database: Database): Promise<void> {
  try {
    await database.queries.execute('select 1')
  } catch (error) {
    throw databaseProblem(error)
  }
}
