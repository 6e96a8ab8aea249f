import { access, constants, lstat, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { CommandFailure } from '@stella/core'

/** Whether a file that is there may be replaced. */
export interface Replacing {
  readonly force: boolean
}

/**
 * Looks whether a file may be put at a path, or into the folder that it is, before work is done for it.
 * @throws CommandFailure `usage` as `requireOutputFile`, where the folder cannot be written to, and unless `force` where a file is there
 */
export async function requireOutputPath(path: string, { force }: Replacing): Promise<void> {
  requireName(path)
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
  return isFolder ? requireWritable(path, path) : requireNewFile(path, { force })
}

/** As `requireOutputFile`; unless `force`, no file may be there. */
export async function requireNewFile(path: string, { force }: Replacing): Promise<void> {
  await requireOutputFile(path)
  if (!force && (await lstat(path).catch(() => null)) !== null) throw taken(path)
}

/** Why a file that is there stays as it is. */
export function taken(path: string): CommandFailure {
  return new CommandFailure(
    'usage',
    `${path} cannot be written: another file is there`,
    'name a new file, or give --force',
  )
}

/** @throws CommandFailure `usage` for a name without a character */
export function requireName(path: string): void {
  if (path !== '') return
  throw new CommandFailure('usage', 'the name of the file to write is empty', 'name a file, or leave the option out')
}

/**
 * Looks whether a file may be put at a path, before work is done for it: a file is put in place by rename, which would replace a device
 * or a link as well.
 * @throws CommandFailure `usage` where something that is not a regular file is there, or its directory cannot be written to
 */
export async function requireOutputFile(path: string): Promise<void> {
  requireName(path)
  const there = await lstat(path).catch(() => null)
  if (there !== null && !there.isFile()) {
    throw new CommandFailure(
      'usage',
      `${path} cannot be written: what is there is not a regular file`,
      'name a new file',
    )
  }
  await requireWritable(path, dirname(resolve(path)))
}

async function requireWritable(path: string, directory: string): Promise<void> {
  await access(directory, constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    const why = `${path} cannot be written: its directory is absent or not writable`
    throw new CommandFailure('usage', why, 'name a file in a directory of yours', { cause })
  })
}
