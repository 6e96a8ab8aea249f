import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { type CheckedMirror, checkMirror as checkNatively } from '#binding'

import { withCancelFlag } from './cancellation.ts'

export type { CheckedMirror } from '#binding'

/**
 * Reads every record and document of a mirror or delta as its indexes name them, off the JavaScript thread, and tells what the indexes over them must be, byte
 * for byte, and the state of all. What is sorted lies in the system's folder for temporary files meanwhile.
 *
 * @param path - a bundle, or the folder that one was unpacked into
 * @param items - what stands in the state for what was withheld
 * @param signal - stops the reading at the next file
 * @throws `bundle/invalid` where an index names what is not there · `blob/absent`, `blob/altered`, `blob/long` · `native/io` · `native/cancelled`
 */
export async function checkMirror(
  path: string,
  items: readonly string[],
  signal?: AbortSignal,
): Promise<CheckedMirror> {
  const scratch = await mkdtemp(join(tmpdir(), 'stella-check-'))
  try {
    return await withCancelFlag(signal, (flag) => checkNatively(resolve(path), [...items], scratch, flag))
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}
