import { createHash } from 'node:crypto'
import { chmod, chown, lstat, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Problem } from '@stella/contracts'

/** A socket's whole path may have 107 bytes on Linux, 103 on macOS. */
const MAX_DIR_BYTES = 85

/**
 * A short private folder for the socket of one data folder: the same at each start, so that a restarted server has the same
 * address. Its name can be foreseen, so one that belongs to somebody else is refused.
 *
 * @throws `config/invalid` when another account owns it
 */
export async function socketDirFor(dataDir: string): Promise<string> {
  const name = `stella-${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`
  const usual = join(tmpdir(), name)
  const dir = Buffer.byteLength(usual) <= MAX_DIR_BYTES ? usual : join('/tmp', name)
  await mkdir(dir, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  return dir
}

/** Makes the folder the server's own. */
export async function claimSocketDir(
  dir: string,
  owner: { readonly uid: number; readonly gid: number },
): Promise<void> {
  const found = await lstat(dir)
  if (!found.isDirectory() || (found.uid !== owner.uid && found.uid !== process.getuid?.())) {
    throw new Problem(
      'config/invalid',
      `Could not start Postgres: ${dir} belongs to another account.\nRemove it, or set TMPDIR.`,
    )
  }
  if (found.uid !== owner.uid) await chown(dir, owner.uid, owner.gid)
  await chmod(dir, 0o700)
}
