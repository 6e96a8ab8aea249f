import {
  type LineFilesOptions,
  type WriteProgress,
  type WrittenJsonLines,
  writeLineFiles as writeNatively,
} from '#binding'

import { withCancelFlag } from './cancellation.ts'

export type { LineFilesOptions } from '#binding'

/**
 * Writes fetched ledger streams, one file a range, as canonical JSON lines in zstd frames: the same bytes as `writeJsonLines` of the ledger
 * that they are of. Nothing in the files is believed. The file is complete and synced when the promise resolves.
 *
 * @param options - files, allow-list, file to write; sizes in bytes
 * @param signal - stops the work within a fraction of a second
 * @param progress - counts records while they are written
 * @throws `evidence/invalid` for what is no line of a ledger stream or no canonical record, and what `writeJsonLines` throws, save for
 * failures of the database
 */
export function writeLineFiles(
  options: LineFilesOptions,
  signal?: AbortSignal,
  progress?: WriteProgress,
): Promise<WrittenJsonLines> {
  return withCancelFlag(signal, (flag) => writeNatively(options, flag, progress))
}
