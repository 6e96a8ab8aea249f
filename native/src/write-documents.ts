import { type DocumentsOptions, type WriteProgress, type WrittenPack, writeDocuments as writeNatively } from '#binding'

import { withCancelFlag } from './cancellation.ts'

export type { DocumentsOptions, PackMember, WrittenPack } from '#binding'

/**
 * Writes documents from PostgreSQL byte for byte, end to end, into one pack, off the JavaScript thread; one is held in memory at a time.
 *
 * Each is held against its stored SHA-256. One that holds a credential is left out whole and listed in `withheld`. The pack is
 * complete and synced when the promise resolves; after a rejection it is to be removed.
 *
 * @param options - database, query, pack
 * @param signal - stops the work at the next document
 * @param progress - counts documents while they are written
 * @throws `record/digest-mismatch`, `record/order`, `record/schema-mismatch` (an unsafe or repeated path), `record/too-many-credentials`,
 * `config/invalid`, `db/unavailable`, `native/postgres`, `blob/full`, `native/io`, `native/cancelled`
 */
export function writeDocuments(
  options: DocumentsOptions,
  signal?: AbortSignal,
  progress?: WriteProgress,
): Promise<WrittenPack> {
  return withCancelFlag(signal, (flag) => writeNatively(options, flag, progress))
}
