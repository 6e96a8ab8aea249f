import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

import { byteOrder } from '@stella/core'

import type { BlobEntry } from './blobs.ts'

/**
 * Regular files under a directory as blobs, in the byte order of their keys, without names that begin with `.`. Whole directories
 * before `after` are skipped unread. Memory: the names of one directory a level.
 */
export async function* listFiles(directory: string, prefix: string, after: string): AsyncGenerator<BlobEntry> {
  for (const entry of inKeyOrder(await readDirectory(directory))) {
    const key = `${prefix}${entry.name}`
    const path = join(directory, entry.name)
    if (entry.isDirectory()) {
      const below = `${key}/`
      if (after.startsWith(below) || byteOrder(below, after) > 0) yield* listFiles(path, below, after)
    } else if (entry.isFile() && byteOrder(key, after) > 0) {
      const found = await lstat(path).catch(absent)
      if (found) yield { key, sizeBytes: found.size }
    }
  }
}

/** As the keys below sort: a directory by its name and `/`, since `-` and `.` come before `/`. */
function inKeyOrder(entries: Dirent[]): Dirent[] {
  const sortKey = (entry: Dirent) => (entry.isDirectory() ? `${entry.name}/` : entry.name)
  return entries.filter(({ name }) => !name.startsWith('.')).sort((a, b) => byteOrder(sortKey(a), sortKey(b)))
}

async function readDirectory(directory: string): Promise<Dirent[]> {
  return (await readdir(directory, { withFileTypes: true }).catch(absent)) ?? []
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
  throw error
}
