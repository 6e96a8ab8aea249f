import { mkdir, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Mode of the store's directories. */
export const DIRECTORY_MODE = 0o700
/** Mode of the store's files. */
export const FILE_MODE = 0o600

/** Attempts to place a file while its directory is being removed by others. */
const PLACE_ATTEMPTS = 5

/** Makes the file system keep the contents of a file, or the names in a directory, over a loss of power. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes a directory and its parents, mode 0700, and has the file system keep their names. */
export async function makeDirectory(directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE })
  if (first === undefined) return
  for (let made = directory; made.length >= first.length; made = dirname(made)) await syncPath(dirname(made))
}

/** Renames a synced file to its place, over what may be there, and has the file system keep the name. */
export async function placeFile(file: string, place: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await makeDirectory(dirname(place))
    try {
      await rename(file, place)
      return await syncPath(dirname(place))
    } catch (error) {
      const vanished = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      if (!vanished || attempt === PLACE_ATTEMPTS) throw error
    }
  }
}
