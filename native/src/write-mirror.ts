import {
  type DeltaOptions,
  type MirrorOptions,
  type WrittenDelta,
  type WrittenMirror,
  writeDelta as writeDeltaNatively,
  writeMirror as writeNatively,
} from '#binding'

import { withCancelFlag } from './cancellation.ts'

export type { DeltaOptions, MirrorOptions, WrittenDelta, WrittenMirror } from '#binding'

/**
 * Writes the data files of a mirror, off the JavaScript thread, one behind the other in one file: for each kind its records and documents
 * in groups, and an index. The bytes depend on the rows and the level, never on the threads. The file is complete and synced when the promise
 * resolves; after a rejection it is to be removed.
 *
 * @param options - the database, what is read, and the file; sizes in bytes
 * @param signal - stops the writing within a fraction of a second
 * @throws what `writeJsonLines` throws
 */
export function writeMirror(options: MirrorOptions, signal?: AbortSignal): Promise<WrittenMirror> {
  return withCancelFlag(signal, (flag) => writeNatively(options, flag))
}

/**
 * Writes the data files of a delta, as `writeMirror` does those of a mirror: for each kind the records that are new or other, with their
 * documents, an index over them, and the keys that are gone.
 *
 * @param options - the database, what is compared, and the file; sizes in bytes
 * @param signal - stops the writing within a fraction of a second
 * @throws what `writeMirror` throws · `request/invalid` for a state that is none
 */
export function writeDelta(options: DeltaOptions, signal?: AbortSignal): Promise<WrittenDelta> {
  return withCancelFlag(signal, (flag) => writeDeltaNatively(options, flag))
}
