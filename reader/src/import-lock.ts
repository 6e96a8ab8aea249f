import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CommandFailure } from '@stella/core'
import { withFileLock } from '@stella/native'

/**
 * Does work while no other import of the same folder runs.
 * @throws CommandFailure `failed` while another import runs
 */
export async function withImportLock<T>(root: string, work: () => Promise<T>): Promise<T> {
  await mkdir(root, { recursive: true })
  const done = await withFileLock(join(root, '.import.lock'), work)
  if (done) return done.result
  throw new CommandFailure('failed', `another import into ${root} runs`, 'wait until it has ended')
}
