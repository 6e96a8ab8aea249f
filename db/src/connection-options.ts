import { DATABASE_CONNECT_MS } from '@stella/contracts'
import { parseDatabaseUrl } from '@stella/core'
import type { Options } from 'postgres'

import { watchedSocket } from './watched-socket.ts'

/** Options of the driver. */
export type ClientOptions = Options<Record<string, never>>

/** What ends a wait for the answer of a database. */
export interface ConnectionDeadlines {
  /** Longest time of a statement, which the server itself ends, in milliseconds. */
  readonly statementMs: number
  /** Silence after which a connection is closed, in milliseconds; longer than any statement may take. */
  readonly silenceMs: number
  /** Time after which an unused connection is closed, in milliseconds; shorter than the silence. */
  readonly idleMs: number
}

/**
 * Options of the driver for a database URL. Sessions speak UTC and ISO dates, whatever the server's settings.
 * @throws `config/invalid` for a URL that cannot be read
 */
export function connectionOptions(url: string, max: number, deadlines?: ConnectionDeadlines): ClientOptions {
  const { host, port, user, password, database, sslmode } = parseDatabaseUrl(url)
  return {
    host,
    port,
    user,
    password,
    database,
    ssl: sslOf(sslmode),
    max,
    connect_timeout: DATABASE_CONNECT_MS / 1000,
    backoff: reconnectSeconds,
    fetch_types: false,
    onnotice: () => {},
    connection: {
      application_name: 'stella',
      TimeZone: 'UTC',
      DateStyle: 'ISO',
      ...(deadlines && {
        statement_timeout: deadlines.statementMs,
        idle_in_transaction_session_timeout: deadlines.silenceMs,
      }),
    },
    ...(deadlines && {
      idle_timeout: deadlines.idleMs / 1000,
      // The driver's types leave this option out.
      socket: async () => watchedSocket({ host, port, silenceMs: deadlines.silenceMs }),
    }),
  }
}

/** Pause before a connection is made again: the driver's own grows to 20 seconds, in which requests would wait for a server that is back. */
function reconnectSeconds(failures: number): number {
  return Math.min(2 ** failures / 50, 1)
}

/** libpq's modes in the driver's words; `verify-ca` is met by the stricter `verify-full`. */
function sslOf(sslmode: string | null): 'require' | 'prefer' | 'allow' | 'verify-full' | false {
  if (sslmode === 'verify-ca' || sslmode === 'verify-full') return 'verify-full'
  if (sslmode === 'require' || sslmode === 'prefer' || sslmode === 'allow') return sslmode
  return false
}
