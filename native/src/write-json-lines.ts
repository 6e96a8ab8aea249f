import {
  type JsonLinesOptions,
  type WriteProgress,
  type WrittenJsonLines,
  writeJsonLines as writeNatively,
} from '#binding'

import { withCancelFlag } from './cancellation.ts'

export type { ConnectionOptions, JsonLinesOptions, WithheldCredential, WrittenJsonLines } from '#binding'
export { WriteProgress } from '#binding'

/**
 * Writes record ranges from PostgreSQL as canonical JSON lines (RFC 8785) in zstd frames (RFC 8878), off the JavaScript thread.
 *
 * Every record is held against its stored SHA-256, the order of keys and the allow-list; credentials in it are redacted and
 * listed in `withheld`. With no record the file is one empty frame. The bytes depend on the rows, `level` and `frameBytes`,
 * never on `readers`. The file is complete and synced when the promise resolves; after a rejection it is to be removed.
 *
 * @param options - database, queries, allow-list, file; sizes in bytes
 * @param signal - stops the work within a fraction of a second
 * @param progress - counts records while they are written
 * @throws `record/schema-mismatch` (with `recordKey` and `field`), `record/digest-mismatch`, `record/order`,
 * `record/too-many-credentials`, `config/invalid`, `db/unavailable`, `native/postgres`, `blob/full`, `native/io`, `native/cancelled`
 */
export function writeJsonLines(
  options: JsonLinesOptions,
  signal?: AbortSignal,
  progress?: WriteProgress,
): Promise<WrittenJsonLines> {
  return withCancelFlag(signal, (flag) => writeNatively(options, flag, progress))
}
