import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { getuid } from 'node:process'

import { withFileLock } from './file-lock.ts'

const PREFIX = '.stella-'
/** Name of the file in a work folder that is locked as long as the work goes on. */
const LOCK = 'lock'

/**
 * Does work with a new folder beside a file or folder that is to be put in place by a rename, and removes it afterwards. What others left there that
 * were killed is removed first: it may hold what was to be decrypted.
 */
export async function besideOf<T>(out: string, work: (scratch: string) => Promise<T>): Promise<T> {
  const folder = dirname(resolve(out))
  await removeLeft(folder)
  const scratch = await mkdtemp(join(folder, PREFIX))
  try {
    const done = await withFileLock(join(scratch, LOCK), () => work(scratch))
    if (done) return done.result
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  // Another has taken the folder for one that was left, before it was locked.
  return besideOf(out, work)
}

async function removeLeft(folder: string): Promise<void> {
  // A folder that is absent is for whoever makes the new one to tell.
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(PREFIX)) continue
    const path = join(folder, name)
    // One that cannot be removed hinders nobody.
    await removeUnlocked(path).catch(() => undefined)
  }
}

async function removeUnlocked(path: string): Promise<void> {
  const found = await lstat(path)
  if (!found.isDirectory() || found.uid !== getuid?.()) return
  await lstat(join(path, LOCK))
  await withFileLock(join(path, LOCK), () => rm(path, { recursive: true, force: true }))
}
