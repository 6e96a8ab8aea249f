import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import { withFileLock } from '@stella/native'

import { ReaderFailure } from './reader-failure.ts'

/**
 * Does work while no other import of the same folder runs.
 * @throws ReaderFailure `failed` while another import runs
 */
export async function withImportLock<T>(root: string, work: () => Promise<T>): Promise<T> {
  await mkdir(root, { recursive: true })
  const done = await withFileLock(join(root, '.import.lock'), work)
  if (done) return done.result
  throw new ReaderFailure('failed', `another import into ${root} runs`, 'wait until it has ended')
}
