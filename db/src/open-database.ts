import { Connection, type TransactionStart } from './connection.ts'
import { type ConnectionDeadlines, connectionOptions } from './connection-options.ts'
import { ConnectionPool } from './connection-pool.ts'
import type { Transaction } from './session.ts'

/** Connections that a process keeps when it does not say. */
const DEFAULT_CONNECTIONS = 10
/** Time that running queries get when the database is closed, in seconds. */
const CLOSE_SECONDS = 3

/** A pool of connections. Queries over it go through `withTenant` or the sweep's functions. */
export interface Database {
  /** Where it is, for parts that open connections of their own. Holds the password: never log it. */
  readonly url: string
  /** Runs `work` in a transaction of a connection that is free, as `Connection` does. */
  transaction<T>(start: TransactionStart, work: (tx: Transaction) => Promise<T>): Promise<T>
  close(): Promise<void>
}

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
  const options = connectionOptions(url, 1, deadlines)
  const connections = Array.from({ length: max }, () => new Connection(options))
  const pool = new ConnectionPool(connections, deadlines && { waiters: deadlines.waiters, waitMs: deadlines.turnMs })
  return {
    url,
    transaction: (start, work) => pool.lend((connection) => connection.transaction(start, work)),
    close: async () => {
      await Promise.all(connections.map((connection) => connection.close(CLOSE_SECONDS)))
    },
  }
}

/**
 * Asks the database for an answer.
 * @throws `db/unavailable` where there is none
 */
export async function pingDatabase(database: Database): Promise<void> {
  await database.transaction({ settings: '', readOnly: true }, (tx) => tx.execute('select 1'))
}
