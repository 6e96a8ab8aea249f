import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'

import { type ConnectionDeadlines, connectionOptions } from './connection-options.ts'
import { ConnectionTurns } from './connection-turns.ts'
import { namingFailures } from './database-problem.ts'
import { safeClient } from './safe-client.ts'

/** Connections that a process keeps when it does not say. */
const DEFAULT_CONNECTIONS = 10
/** Time that running queries get when the database is closed, in seconds. */
const CLOSE_SECONDS = 3

/** A pool of connections. Queries over it go through `withTenant` or the sweep's functions. */
export interface Database {
  /** Where it is, for parts that open connections of their own. Holds the password: never log it. */
  readonly url: string
  readonly queries: PostgresJsDatabase
  /** Runs `work` when a connection is free for it; at once where the database was opened without deadlines. */
  inTurn<T>(work: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** What a query may be sent through: inside `withTenant` all see rows of one tenant. */
export type Transaction = Parameters<Parameters<PostgresJsDatabase['transaction']>[0]>[0]

/** How many connections, and what ends a wait for the database; without deadlines it is waited for as long as it takes. */
export interface DatabaseLimits {
  readonly max?: number
  readonly deadlines?: ConnectionDeadlines & { readonly turnMs: number; readonly waiters: number }
}

/**
 * Opens a pool of at most `max` connections; the first query connects.
 * @throws `config/invalid` for a URL that cannot be read
 */
export function openDatabase(url: string, { max = DEFAULT_CONNECTIONS, deadlines }: DatabaseLimits = {}): Database {
  const client = safeClient(postgres(connectionOptions(url, max, deadlines)))
  const turns =
    deadlines && new ConnectionTurns({ connections: max, waiters: deadlines.waiters, waitMs: deadlines.turnMs })
  return {
    url,
    queries: drizzle(client),
    inTurn: (work) => (turns ? turns.run(work) : work()),
    close: () => client.end({ timeout: CLOSE_SECONDS }),
  }
}

/**
 * Asks the database for an answer.
 * @throws `db/unavailable` where there is none
 */
export async function pingDatabase(database: Database): Promise<void> {
  await namingFailures(database.inTurn(async () => database.queries.execute('select 1')))
}
