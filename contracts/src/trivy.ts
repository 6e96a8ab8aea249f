import { z } from 'zod'

import type { RecordGroup } from './filters.ts'

/** Days for which a Trivy database counts as new when its profile does not say. */
const DEFAULT_VALIDITY_DAYS = 30
/** Most days that a profile may ask for. */
const MAX_VALIDITY_DAYS = 3650
/** Memory for sorting what a Trivy database is made of, in bytes, all threads of a worker together. */
export const TRIVY_SORT_BYTES = 192 * 1024 * 1024

/** Largest `trivy/db.bundle`, and largest database in one, that is installed, in bytes. */
export const MAX_TRIVY_BYTES = 64 * 1024 * 1024 * 1024

/** What a profile of kind `trivy` may say besides. */
export const trivyConfig = z.strictObject({
  /** Trivy's schema of the database; one that this version does not write is refused. */
  schema: z.int().min(1).optional(),
  /** Days after the ledger revision's time from which Trivy looks for a newer database; without network it then fails. */
  validity_days: z.int().min(1).max(MAX_VALIDITY_DAYS).default(DEFAULT_VALIDITY_DAYS),
  /** Whether a database without an advisory is wanted, which scanners take for "no vulnerabilities". */
  allow_empty: z.boolean().default(false),
  /** Whether the database comes as an OCI artifact besides, under `trivy/oci/`. */
  oci: z.boolean().default(false),
})
/** A database that Trivy reads. */
export interface TrivyDatabase {
  /** The archive in an export. */
  readonly path: string
  /** The file in the archive, and where Trivy looks for it: a folder of its cache. */
  readonly file: string
  readonly folder: string
  /** Trivy's schema. */
  readonly schema: number
  /** What it is made of, in the order of bytes. */
  readonly groups: readonly RecordGroup[]
}
/** The databases, by variant of a profile of kind `trivy`. */
export const trivyDatabases = {
  db: { path: 'trivy/db.bundle', file: 'trivy.db', folder: 'db', schema: 2, groups: ['advisories'] },
  'java-db': {
    path: 'trivy/java-db.bundle',
    file: 'trivy-java.db',
    folder: 'java-db',
    schema: 1,
    groups: ['jars', 'sboms'],
  },
} as const satisfies Record<string, TrivyDatabase>

/** The database that a profile makes, or null. */
export function trivyDatabaseOf({ kind, variant }: { kind: string; variant: string }): TrivyDatabase | null {
  if (kind !== 'trivy') return null
  return Object.entries<TrivyDatabase>(trivyDatabases).find(([name]) => name === variant)?.[1] ?? null
}

/** Path of the list of what a database has no place for. */
export const trivyOmittedPath = 'trivy/omitted.jsonl.zst'
/** Path of the detached signature over the archive of a database, for whoever takes that file alone. */
export const trivySignaturePath = 'signatures/trivy-db.sig'
