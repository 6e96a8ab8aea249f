import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { getuid } from 'node:process'

import { withFileLock } from './file-lock.ts'

const PREFIX = '.stella-'
/** Name of the file in a work folder that is locked as long as the work goes on. */
const LOCK = 'lock'

/**
 * Does work with a new folder beside a file or folder that is to be put in place by a rename, and removes it afterwards. What others left there that
 * were killed is removed first: it may hold what was decrypted.
 */
export async function besideOf<T>(out: string, work: (scratch: string) => Promise<T>): Promise<T> {
  const folder = dirname(resolve(out))
  await removeLeft(folder)
  const scratch = await mkdtemp(join(folder, PREFIX))
  const lock = join(scratch, LOCK)
  const locked = await withFileLock(lock, async () => {
    if (!(await isThere(lock))) return null
    try {
      return { result: await work(scratch) }
    } finally {
      await removeLocked(scratch)
    }
  })
  if (locked?.result) return locked.result.result
  // Another has taken the folder for one that was left, before it was locked.
  return besideOf(out, work)
}

async function removeLeft(folder: string): Promise<void> {
  // A folder that is absent is for whoever makes the new one to tell.
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(PREFIX)) continue
    // One that cannot be removed hinders nobody.
    await removeUnlocked(join(folder, name)).catch(() => undefined)
  }
}

async function removeUnlocked(scratch: string): Promise<void> {
  const found = await lstat(scratch)
  if (!found.isDirectory() || found.uid !== getuid?.() || !(await isThere(join(scratch, LOCK)))) return
  await withFileLock(join(scratch, LOCK), () => removeLocked(scratch))
}

/** Removes a work folder, its lock last: by it the next finds what is left where this is killed. */
async function removeLocked(scratch: string): Promise<void> {
  for (const name of await readdir(scratch)) {
    if (name !== LOCK) await rm(join(scratch, name), { recursive: true, force: true })
  }
  await rm(scratch, { recursive: true, force: true })
}

function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}
