import { DATABASE_CONNECT_MS } from '@stella/contracts'
import { parseDatabaseUrl } from '@stella/core'
import type { Options } from 'postgres'

type ClientOptions = Options<Record<string, never>>

/**
 * Options of the driver for a database URL. Sessions speak UTC and ISO dates, whatever the server's settings.
 * @throws `config/invalid` for a URL that cannot be read
 */
export function connectionOptions(url: string, max: number): ClientOptions {
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
    fetch_types: false,
    onnotice: () => {},
    connection: { application_name: 'stella', TimeZone: 'UTC', DateStyle: 'ISO' },
  }
}

/** libpq's modes in the driver's words; `verify-ca` is met by the stricter `verify-full`. */
function sslOf(sslmode: string | null): 'require' | 'prefer' | 'allow' | 'verify-full' | false {
  if (sslmode === 'verify-ca' || sslmode === 'verify-full') return 'verify-full'
  if (sslmode === 'require' || sslmode === 'prefer' || sslmode === 'allow') return sslmode
  return false
}
