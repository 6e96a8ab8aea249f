import { randomBytes } from 'node:crypto'
import { lstat, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { Scratch } from './blobs.ts'
import { DIRECTORY_MODE } from './durable-file.ts'

/** A path for a new temporary file or directory: `<pid>-<random>`. */
export function scratchPath(directory: string): string {
  return join(directory, `${process.pid}-${randomBytes(12).toString('hex')}`)
}

/** Makes a temporary directory within the given one. */
export async function makeScratch(parent: string): Promise<Scratch> {
  const directory = scratchPath(parent)
  await mkdir(directory, { mode: DIRECTORY_MODE })
  return { directory, dispose: () => rm(directory, { recursive: true, force: true }) }
}

/** Removes what lies in a directory and was last written to before the time given (milliseconds since 1970). Returns how many. */
export async function sweepDirectory(directory: string, olderThanMs: number): Promise<number> {
  let removed = 0
  for (const name of await readdir(directory)) {
    const path = join(directory, name)
    if ((await newestChange(path)) >= olderThanMs) continue
    await rm(path, { recursive: true, force: true })
    removed++
  }
  return removed
}

/** Time of the latest change to a file, or to anything in a directory; infinitely late where it is gone meanwhile. */
async function newestChange(path: string): Promise<number> {
  try {
    const entry = await lstat(path)
    if (!entry.isDirectory()) return entry.mtimeMs
    let newest = entry.mtimeMs
    for (const name of await readdir(path)) newest = Math.max(newest, await newestChange(join(path, name)))
    return newest
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Number.POSITIVE_INFINITY
    throw error
  }
}
