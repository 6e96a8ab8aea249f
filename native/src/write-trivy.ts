import {
  type TrivyOptions,
  type TrivyVersions,
  trivyVersions as versions,
  type WrittenTrivy,
  writeTrivy as writeNatively,
} from '#binding'

import { withCancelFlag } from './cancellation.ts'

export type { TrivyOptions, WrittenTrivy } from '#binding'

/**
 * Builds a Trivy database of advisories, off the JavaScript thread: `trivy/db.bundle` and `trivy/omitted.jsonl.zst`, one behind the other in
 * one file. The bytes depend on the records, `metadata`, `mtime` and `level`, never on `readers`. The file is complete and synced when the
 * promise resolves; after a rejection it is to be removed.
 *
 * @param options - where advisories are read, how they are judged, and the file; sizes in bytes
 * @param signal - stops the reading within a fraction of a second
 * @throws `trivy/empty` where nothing has a place in the database · `trivy/unsound` · what `writeJsonLines` and `writeLineFiles` throw
 */
export function writeTrivy(options: TrivyOptions, signal?: AbortSignal): Promise<WrittenTrivy> {
  return withCancelFlag(signal, (flag) => writeNatively(options, flag))
}

/** What a Trivy database is made by, as manifests name it: Trivy's schema, the version of our mapping of advisories, and what compresses. */
export function trivyVersions(): Readonly<Record<string, string>> {
  const { schema, mapping, gzip }: TrivyVersions = versions()
  return { 'trivy-db': String(schema), 'trivy-gzip': gzip, 'trivy-mapping': String(mapping) }
}
