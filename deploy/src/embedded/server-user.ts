import { readFileSync } from 'node:fs'
import { chown, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Problem } from '@stella/contracts'
import { hasSetpriv } from './setpriv.ts'

/** The account `nobody`: Postgres refuses to run as root. */
const NOBODY = 65534

/** Bits of `CapPrm` in `/proc/self/status`, by the capability that lets a process enter any folder; the narrower one first. */
const enteringCapabilities = [
  { name: 'dac_read_search', bit: 2n },
  { name: 'dac_override', bit: 1n },
] as const

/** The account a server runs under when this process is root. */
export interface ServerUser {
  readonly uid: number
  readonly gid: number
  /** The one capability it needs, where it could not otherwise enter a parent of its files (a clone under a 0700 home). */
  readonly capability?: string
}

/**
 * The account for a server that must not be root: undefined (this one) unless this process is root, then the owner of the
 * data folder, or `nobody` for a new one.
 *
 * @param dataDir an existing folder; given to the account when root owns it
 * @param alsoNeeded other paths that the server must reach: its programs, its socket's folder
 * @throws `config/invalid` when it could reach them neither by itself nor by a capability
 */
export async function serverUser(dataDir: string, alsoNeeded: readonly string[]): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined

  const owner = await stat(dataDir)
  const user = owner.uid === 0 ? { uid: NOBODY, gid: NOBODY } : { uid: owner.uid, gid: owner.gid }
  if (owner.uid === 0) await chown(dataDir, user.uid, user.gid)

  for (const path of [dataDir, ...alsoNeeded]) {
    if (await canReach(path, user.uid)) continue
    const capability = hasSetpriv() ? heldCapability() : undefined
    if (capability) return { ...user, capability }
    throw new Problem(
      'config/invalid',
      `Could not start Postgres: it may not run as root, and account ${user.uid} cannot enter the folders above ${path}.\n` +
        'Move the repository to a folder that everyone may enter, or work as another user, or set DATABASE_URL.',
    )
  }
  return user
}

/** Whether an account may enter every folder above `path`. Group membership is left out: the server has none. */
async function canReach(path: string, uid: number): Promise<boolean> {
  for (let dir = dirname(await realpath(path)); ; dir = dirname(dir)) {
    const { mode, uid: owner } = await stat(dir)
    if ((mode & (owner === uid ? 0o100 : 0o001)) === 0) return false
    if (dir === dirname(dir)) return true
  }
}

function heldCapability(): string | undefined {
  if (process.platform !== 'linux') return undefined
  const permitted = /^CapPrm:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
  return enteringCapabilities.find(({ bit }) => (BigInt(`0x${permitted}`) >> bit) & 1n)?.name
}
