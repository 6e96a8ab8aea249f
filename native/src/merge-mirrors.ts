import { type MergedMirrors, type MergeOptions, mergeMirrors as mergeNatively } from '#binding'

import { withCancelFlag } from './cancellation.ts'

export type { MergedMirrors, MergeOptions } from '#binding'

/**
 * Merges the data files of mirrors and deltas, the oldest first, into one file, off the JavaScript thread: of a key the last that speaks of it is
 * believed. A mirror comes out as a run of the same plan writes it, byte for byte. The bundles must have been verified.
 *
 * @param options - what is merged, and the file; sizes in bytes
 * @param signal - stops the merging within a fraction of a second
 * @throws `bundle/invalid` where an index lies · `blob/absent`, `blob/altered`, `blob/long` · `blob/full` · `native/io` · `native/cancelled`
 */
export function mergeMirrors(options: MergeOptions, signal?: AbortSignal): Promise<MergedMirrors> {
  return withCancelFlag(signal, (flag) => mergeNatively(options, flag))
}
