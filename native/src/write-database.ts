import {
  type DatabaseOptions,
  type JavaDbVersions,
  type TrivyVersions,
  javaDbVersions as versionsOfJavaDb,
  trivyVersions as versionsOfTrivy,
  type WrittenDatabase,
  writeJavaDb,
  writeTrivy,
} from '#binding'

import { withCancelFlag } from './cancellation.ts'

export type { DatabaseOptions, WrittenDatabase } from '#binding'

const writers = new Map([
  ['db', writeTrivy],
  ['java-db', writeJavaDb],
])

/**
 * Builds a database for Trivy, off the JavaScript thread: of advisories `trivy/db.bundle`, or where `variant` is `java-db` of SBOMs and JARs
 * `trivy/java-db.bundle`, and behind it `trivy/omitted.jsonl.zst` in the same file. The bytes depend on the records, `metadata`, `mtime` and
 * `level`, never on `readers`. The file is complete and synced when the promise resolves; after a rejection it is to be removed.
 *
 * @param options - where records are read, how they are judged, and the file; sizes in bytes
 * @param signal - stops the reading within a fraction of a second
 * @throws `trivy/empty` where nothing has a place in the database · `trivy/unsound` · what `writeJsonLines` and `writeLineFiles` throw
 */
export function writeDatabase(
  variant: string,
  options: DatabaseOptions,
  signal?: AbortSignal,
): Promise<WrittenDatabase> {
  const write = writers.get(variant)
  if (!write) throw new TypeError(`there is no database of variant ${variant}`)
  return withCancelFlag(signal, (flag) => write(options, flag))
}

/** What a Trivy database is made by, as manifests name it: Trivy's schema, the version of our mapping of advisories, and what compresses. */
export function trivyVersions(): Readonly<Record<string, string>> {
  const { schema, mapping, gzip }: TrivyVersions = versionsOfTrivy()
  return { 'trivy-db': String(schema), 'trivy-gzip': gzip, 'trivy-mapping': String(mapping) }
}

/** What a Java DB is made by, as manifests name it: Trivy's schema, the version of our mapping, and what writes and compresses. */
export function javaDbVersions(): Readonly<Record<string, string>> {
  const { schema, mapping, gzip, sqlite }: JavaDbVersions = versionsOfJavaDb()
  return {
    'trivy-java-db': String(schema),
    'trivy-gzip': gzip,
    'trivy-java-mapping': String(mapping),
    'trivy-sqlite': sqlite,
  }
}
