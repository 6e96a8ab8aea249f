import { inject } from 'vitest'

import type { ConnectionOptions } from '../write-json-lines.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgresOwnerUrl: string
  }
}

/** How to reach the test run's Postgres as its owner: by a unix socket, with SCRAM-SHA-256. */
export function testConnection(): ConnectionOptions {
  const url = inject('postgresOwnerUrl')
  const [, user = '', password = '', database = '', query] =
    /^postgres:\/\/([^:]+):([^@]+)@\/([^?]+)\?(.*)$/.exec(url) ?? []
  const parameters = new URLSearchParams(query)
  const host = parameters.get('host') ?? ''
  return { host, port: Number(parameters.get('port')), user, password, database, sslmode: null }
}
