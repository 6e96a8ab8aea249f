import { z } from 'zod'

import { recordKinds } from './filters.ts'

/** Which profile an export was made after. */
export const profileBlock = z.strictObject({
  id: z.string(),
  name: z.string(),
  kind: z.string(),
  variant: z.string(),
  revision: z.int(),
})

/** How the files of an export are compressed. */
export const compression = z.strictObject({
  codec: z.string(),
  level: z.int(),
  library: z.string(),
  frame_bytes: z.int(),
})

/** A file of an export: path under its root, size in bytes, SHA-256 in hexadecimal. */
export const exportFile = z.strictObject({
  path: z.string(),
  size: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
/** A file of an export. */
export type ExportFile = z.infer<typeof exportFile>

/** A credential that was found. `redact`: the text was replaced; `withhold`: the document was left out. */
export const withheld = z.strictObject({
  kind: z.enum(recordKinds),
  record: z.string(),
  detector: z.string(),
  pointer: z.string().nullable(),
  action: z.enum(['redact', 'withhold']),
})
/** A credential that was found, and what was done. */
export type Withheld = z.infer<typeof withheld>

/** What one source gave to the export. */
export const coverage = z.strictObject({
  source: z.string(),
  records: z.int(),
  newest_record: z.string().nullable(),
  fetched_at: z.string(),
})
/** What one source gave to the export. */
export type Coverage = z.infer<typeof coverage>
