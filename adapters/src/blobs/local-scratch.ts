import { lstat } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

import { Problem } from '@stella/contracts'

import { asBlobProblem } from './blob-problem.ts'
import { makeDirectory } from './durable-file.ts'

/**
 * Makes the directory for temporary files of a store that is elsewhere. Without a name it lies in the system's directory for
 * temporary files, where another user might have made it before: then it is refused.
 * @throws `config/invalid`
 */
export async function openLocalScratch(directory: string | null): Promise<string> {
  const { uid, username } = userInfo()
  const path = directory ?? join(tmpdir(), `stella-blobs-${uid < 0 ? username : uid}`)
  await asBlobProblem(`the directory for temporary files ${path} cannot be made`, () => makeDirectory(path))
  const entry = await lstat(path)
  if (!entry.isDirectory() || (uid >= 0 && entry.uid !== uid)) {
    const advice = 'name another with scratch=/directory in BLOB_URL'
    throw new Problem('config/invalid', `the directory for temporary files ${path} is not this user's: ${advice}`)
  }
  return path
}
