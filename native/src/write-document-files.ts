import {
  type DocumentFilesOptions,
  type WriteProgress,
  type WrittenPack,
  writeDocumentFiles as writeNatively,
} from '#binding'

import { withCancelFlag } from './cancellation.ts'

export type { DocumentFilesOptions, FetchedDocument } from '#binding'

/**
 * Writes fetched documents byte for byte, end to end, into one pack: the same bytes as `writeDocuments` of the ledger that they are of.
 *
 * @param options - documents in order of key, pack
 * @param signal - stops the work at the next document
 * @param progress - counts documents while they are written
 * @throws `evidence/invalid`, and what `writeDocuments` throws, save for failures of the database
 */
export function writeDocumentFiles(
  options: DocumentFilesOptions,
  signal?: AbortSignal,
  progress?: WriteProgress,
): Promise<WrittenPack> {
  return withCancelFlag(signal, (flag) => writeNatively(options, flag, progress))
}
