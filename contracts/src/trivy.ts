import { z } from 'zod'

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
  /** Days after the ledger revision's time from which Trivy looks for a newer database; without network it then fails. */
  validity_days: z.int().min(1).max(MAX_VALIDITY_DAYS).default(DEFAULT_VALIDITY_DAYS),
  /** Whether a database without an advisory is wanted, which scanners take for "no vulnerabilities". */
  allow_empty: z.boolean().default(false),
  /** Whether the database comes as an OCI artifact besides, under `trivy/oci/`. */
  oci: z.boolean().default(false),
})
/** Paths of a Trivy export's data files. */
export const trivyPaths = {
  database: 'trivy/db.bundle',
  omitted: 'trivy/omitted.jsonl.zst',
} as const
/** Path of the detached signature over `trivyPaths.database`, for whoever takes that file alone. */
export const trivySignaturePath = 'signatures/trivy-db.sig'
