import { z } from 'zod'

import { compression, coverage, exportFile, profileBlock, withheld } from './export-parts.ts'
import { filters } from './filters.ts'
import { deltaContent, mirrorContent, previousMirror } from './mirror.ts'
import { runCounts } from './run.ts'

/** All that derives from the plan: equal plans give equal content. */
export const exportContent = z.strictObject({
  profile: profileBlock,
  filters,
  ledger_revision: z.int(),
  ledger_time: z.string(),
  policy_version: z.null(),
  schemas: z.record(z.string(), z.string()),
  compression,
  counts: runCounts,
  coverage: z.array(coverage),
  withheld: z.array(withheld),
  files: z.array(exportFile),
  content_root: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  /** Of a mirror alone. */
  mirror: mirrorContent.optional(),
  /** Of a delta alone. */
  delta: deltaContent.optional(),
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
    /** Of a mirror that is not the first of its profile. */
    previous: previousMirror.optional(),
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
