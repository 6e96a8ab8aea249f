import { createHmac, randomBytes } from 'node:crypto'
import { Problem } from '@stella/contracts'
import { type DatabaseConnection, formatDatabaseUrl, parseDatabaseUrl } from '@stella/core'
import postgres, { type Sql } from 'postgres'

import { connectionOptions } from './connection-options.ts'
import { driverCode } from './database-problem.ts'
import { quoteLiteral } from './quote-literal.ts'

/** The role that services log in as: row level security binds it, and it owns nothing. */
export const LOGIN_ROLE = 'stella_app'
/** The role that a service takes on to look for stalled work of all tenants. */
export const SWEEP_ROLE = 'stella_sweep'

/** Databases of one cluster share its roles, and migrations of two of them may meet. */
const MAX_ATTEMPTS = 20
/** duplicate_object, unique_violation, and "tuple concurrently updated": another session made the same change first. */
const lostRace = new Set(['42710', '23505', 'XX000'])
/** invalid_password and invalid_authorization_specification. */
const refusedLogin = new Set(['28P01', '28000'])

/**
 * Makes the two roles, or mends what differs from what they should be, and answers the URL to log in with. The password is
 * derived from the owner's, so that every process that may migrate can also tell it; an owner without one (peer or trust
 * authentication) gives it a new random one at each call. Otherwise a second call changes nothing.
 * @param owner - a session of the database's owner: a superuser, or one with CREATEROLE that made the roles or finds them complete
 * @throws `config/invalid` where the owner may not make or mend them
 */
export async function ensureLoginRole(owner: Sql, ownerUrl: string): Promise<string> {
  const login = loginOf(parseDatabaseUrl(ownerUrl))
  const url = formatDatabaseUrl(login)
  await agree(() => ensureRoles(owner, login))
  if (!(await admits(url))) {
    await agree(() => owner.unsafe(`alter role ${LOGIN_ROLE} password ${quoteLiteral(login.password)}`))
    if (!(await admits(url)))
      throw new Problem('config/invalid', `the role ${LOGIN_ROLE} cannot log in: check pg_hba.conf`)
  }
  return url
}

function loginOf(owner: DatabaseConnection): DatabaseConnection {
  const password =
    owner.password === ''
      ? randomBytes(32).toString('base64url')
      : createHmac('sha256', owner.password).update(LOGIN_ROLE).digest('base64url')
  return { ...owner, user: LOGIN_ROLE, password }
}

async function ensureRoles(owner: Sql, { password }: DatabaseConnection): Promise<void> {
  const [found] = await owner`
    select
      to_regrole(${SWEEP_ROLE}) is not null as sweep,
      (select rolcanlogin and not (rolsuper or rolbypassrls or rolinherit or rolcreaterole or rolcreatedb or rolreplication)
        from pg_roles where rolname = ${LOGIN_ROLE}) as login,
      exists (select from pg_auth_members where roleid = to_regrole(${SWEEP_ROLE}) and member = to_regrole(${LOGIN_ROLE})) as member`
  if (!found?.sweep) await owner.unsafe(`create role ${SWEEP_ROLE} nologin`)
  if (found?.login === null) {
    await owner.unsafe(`create role ${LOGIN_ROLE} login noinherit password ${quoteLiteral(password)}`)
  }
  if (found?.login === false) {
    throw new Problem(
      'config/invalid',
      `the role ${LOGIN_ROLE} may do more than it should: alter role ${LOGIN_ROLE} login noinherit nosuperuser nobypassrls ` +
        'nocreaterole nocreatedb noreplication',
    )
  }
  if (!found?.member) await owner.unsafe(`grant ${SWEEP_ROLE} to ${LOGIN_ROLE}`)
}

/** Tries again what another session was first to do; each attempt looks anew. */
async function agree(change: () => PromiseLike<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await change()
      return
    } catch (error) {
      const code = driverCode(error)
      if (code === '42501') {
        throw new Problem('config/invalid', 'the owner in DATABASE_URL may not make roles: give it CREATEROLE', {
          cause: error,
        })
      }
      if (attempt === MAX_ATTEMPTS || code === null || !lostRace.has(code)) throw error
    }
  }
}

async function admits(url: string): Promise<boolean> {
  const client = postgres(connectionOptions(url, 1))
  try {
    await client`select 1`
    return true
  } catch (error) {
    if (refusedLogin.has(driverCode(error) ?? '')) return false
    throw error
  } finally {
    await client.end({ timeout: 0 })
  }
}
