import { z } from 'zod'

import { filters, recordKinds } from './filters.ts'
import { runCounts } from './run.ts'

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

/** All that derives from the plan: equal plans give equal content. */
export const exportContent = z.strictObject({
  profile: z.strictObject({
    id: z.string(),
    name: z.string(),
    kind: z.string(),
    variant: z.string(),
    revision: z.int(),
  }),
  filters,
  ledger_revision: z.int(),
  ledger_time: z.string(),
  policy_version: z.null(),
  schemas: z.record(z.string(), z.string()),
  compression: z.strictObject({ codec: z.string(), level: z.int(), library: z.string(), frame_bytes: z.int() }),
  counts: runCounts,
  coverage: z.array(coverage),
  withheld: z.array(withheld),
  files: z.array(exportFile),
  content_root: z.string().regex(/^sha256:[0-9a-f]{64}$/),
})
/** The part of a manifest that derives from the plan. */
export type ExportContent = z.infer<typeof exportContent>

/** `export.json`, version 1: RFC 8785 JSON and one line feed. */
export const exportManifest = z.strictObject({
  schema_version: z.literal('1'),
  content: exportContent,
  run: z.strictObject({
    id: z.string(),
    tenant: z.string(),
    trigger: z.string(),
    started_at: z.string(),
    finished_at: z.string(),
  }),
})
/** `export.json`. */
export type ExportManifest = z.infer<typeof exportManifest>

/** Paths of an export that are not among the `files` of its manifest. */
export const bundlePaths = {
  manifest: 'export.json',
  provenance: 'provenance.json',
  signature: 'signatures/export.sig',
  provenanceBundle: 'signatures/provenance.sigstore.json',
} as const
