import { Problem } from '@stella/contracts'

/** How to reach Postgres. `host` is a name, an address, or, where it begins with `/`, the directory of a unix socket. */
export interface DatabaseConnection {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** libpq's `sslmode`; null where the URL does not say. */
  readonly sslmode: string | null
}

/**
 * Reads `postgres://user:pass@host:port/db`, or `postgres://user:pass@/db?host=/directory&port=N` for a unix socket
 * (PostgreSQL documentation, 34.1.1.2 "Connection URIs").
 * @throws `config/invalid` for anything else; the message never holds the password
 */
export function parseDatabaseUrl(text: string): DatabaseConnection {
  // `URL` refuses an empty host after credentials, which libpq allows.
  const match = /^postgres(?:ql)?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/.exec(text)
  if (!match)
    throw new Problem('config/invalid', 'DATABASE_URL cannot be read: give postgres://user:password@host:port/database')

  const [, user = '', password = '', authority = '', database = '', query = ''] = match
  const parameters = new URLSearchParams(query)
  const [, name = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(authority) ?? []
  const host = parameters.get('host') ?? (decodeURIComponent(name).replace(/^\[|\]$/g, '') || 'localhost')
  return {
    host,
    port: Number(parameters.get('port') ?? port ?? 5432),
    user: decodeURIComponent(user),
    password: decodeURIComponent(password),
    database: decodeURIComponent(database),
    sslmode: parameters.get('sslmode'),
  }
}

/** The URL of a connection, in the form that `parseDatabaseUrl` reads. */
export function formatDatabaseUrl(connection: DatabaseConnection): string {
  const { host, port, user, password, database, sslmode } = connection
  const query = new URLSearchParams({ host, port: String(port), ...(sslmode ? { sslmode } : {}) })
  const [name, secret, path] = [user, password, database].map(encodeURIComponent)
  return `postgres://${name}:${secret}@/${path}?${query}`
}
