import { randomBytes } from 'node:crypto'
import { chown, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mustRunAs, runAs } from './run-as.ts'
import type { ServerUser } from './server-user.ts'

/** The role that owns everything; migrations run as it. */
export const OWNER_ROLE = 'stella_owner'
/** The one database. */
export const DATABASE = 'stella'

/** Where a data folder keeps its cluster. */
export function clusterDirOf(dataDir: string): string {
  return join(dataDir, 'cluster')
}

/**
 * Makes the cluster of a data folder unless it is there: whole or not at all, since it is made aside and then renamed.
 *
 * @returns the owner's password, kept in the data folder (mode 0600)
 */
export async function ensureCluster(dataDir: string, programs: string, user: ServerUser | undefined): Promise<string> {
  const passwordFile = join(dataDir, 'password')
  const cluster = clusterDirOf(dataDir)
  if (await stat(cluster).catch(() => undefined)) return await readFile(passwordFile, 'utf8')

  for (const name of await readdir(dataDir)) await rm(join(dataDir, name), { recursive: true, force: true })
  const password = randomBytes(24).toString('base64url')
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (user) await chown(passwordFile, user.uid, user.gid)

  const partial = `${cluster}.partial`
  const bin = join(programs, 'bin')
  const login = ['--username', OWNER_ROLE, '--pwfile', passwordFile, '--auth=scram-sha-256']
  await mustRunAs(user, join(bin, 'initdb'), [
    '-D',
    partial,
    '-N',
    ...login,
    '--encoding=UTF8',
    ...(await localeArgs(bin)),
  ])
  const single = ['--single', '-D', partial, '-c', 'wal_level=minimal', '-c', 'max_wal_senders=0', 'postgres']
  await mustRunAs(user, join(bin, 'postgres'), single, `CREATE DATABASE ${DATABASE}\n`)
  await rename(partial, cluster)
  return password
}

/** Byte order and Unicode case rules that do not depend on the machine; the built-in provider came with Postgres 17. */
async function localeArgs(bin: string): Promise<string[]> {
  const version = await mustRunAs(undefined, join(bin, 'initdb'), ['--version'])
  const major = Number(/ (\d+)/.exec(version)?.[1])
  return ['--locale=C', ...(major >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : [])]
}

/** The best compression that this build of Postgres has: the one from npm comes without lz4. */
export async function compressionOf(dataDir: string, programs: string, user: ServerUser | undefined) {
  const ask = ['-C', 'wal_compression', '-c', 'wal_compression=lz4', '-D', clusterDirOf(dataDir)]
  const { code } = await runAs(user, join(programs, 'bin', 'postgres'), ask)
  return code === 0 ? 'lz4' : 'pglz'
}
