import { fileURLToPath } from 'node:url'
import { parseDatabaseUrl } from '@stella/core'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate as runMigrations } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'

import { connectionOptions } from './connection-options.ts'
import { databaseProblem } from './database-problem.ts'
import { ensureLoginRole, LOGIN_ROLE } from './login-role.ts'

const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url))
/** Key of the advisory lock that keeps two migrations of one database apart. */
const MIGRATION_LOCK = 7_355_608

/**
 * Brings a database to the newest schema and answers the URL that services log in with. Safe to repeat and to run at the same
 * time as another; later calls change nothing. Row level security binds the role of the URL answered.
 *
 * Limits: the owner owns the database (or may create in its schema `public`) and is a superuser or has CREATEROLE; databases of one
 * cluster share the login role, so their owners must share a password, or be one.
 * @param ownerUrl - URL of the database's owner
 * @throws `config/invalid`, `db/unavailable`, `internal`
 */
export async function migrate(ownerUrl: string): Promise<string> {
  const client = postgres(connectionOptions(ownerUrl, 1))
  try {
    await client`select pg_advisory_lock(${MIGRATION_LOCK})`
    const loginUrl = await ensureLoginRole(client, ownerUrl)
    await runMigrations(drizzle(client), { migrationsFolder })
    await grantDatabase(client, parseDatabaseUrl(ownerUrl).database)
    return loginUrl
  } catch (error) {
    throw databaseProblem(error)
  } finally {
    await client.end({ timeout: 0 })
  }
}

/** Bulk writes go through a temporary table; some installations take that right from everyone. */
async function grantDatabase(client: postgres.Sql, database: string): Promise<void> {
  const [held] = await client`select has_database_privilege(${LOGIN_ROLE}, ${database}, 'connect, temporary') as all`
  if (!held?.all) await client`grant connect, temporary on database ${client(database)} to ${client(LOGIN_ROLE)}`
}
