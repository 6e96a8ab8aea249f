import { z } from 'zod'

import { profileBlock } from './export-parts.ts'
import { filters } from './filters.ts'
import { MAX_PARTS } from './limits.ts'
import { runCounts } from './run.ts'
import { sharding } from './sharding.ts'

const root = z.string().regex(/^sha256:[0-9a-f]{64}$/)
const stored = z.strictObject({ size: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) })

/** A part of a sharded export: all of it that derives from the plan. */
export const indexedPart = z.strictObject({
  part: z.int().min(1),
  /** Name of its bundle beside the index; unpacked, of its folder, without `.tar.zst`. */
  file: z.string().regex(/^part-\d{3}\.tar\.zst$/),
  filters,
  counts: runCounts,
  /** Bytes that the plan expected, before compression. */
  estimated_bytes: z.int().min(0),
  /** True where that is more than `max_bytes`: what it holds cannot be cut further. */
  oversized: z.boolean(),
  /** Number and bytes of its data files. */
  files: z.int().min(0),
  size: z.int().min(0),
  content_root: root,
})
/** A part of a sharded export. */
export type IndexedPart = z.infer<typeof indexedPart>

/** All of an index that derives from the plan: equal plans give equal content. */
export const indexContent = z.strictObject({
  profile: profileBlock,
  filters,
  ledger_revision: z.int(),
  ledger_time: z.string(),
  sharding,
  counts: runCounts,
  parts: z.array(indexedPart).max(MAX_PARTS),
  content_root: root,
})
/** The part of an index that derives from the plan. */
export type IndexContent = z.infer<typeof indexContent>

/** `index.json`, version 1: RFC 8785 JSON and one line feed. */
export const exportIndex = z.strictObject({
  schema_version: z.literal('1'),
  content: indexContent,
  run: z.strictObject({
    id: z.string(),
    tenant: z.string(),
    trigger: z.string(),
    started_at: z.string(),
    finished_at: z.string(),
    /** In the order of `content.parts`: the run of each, its `export.json`, and its bundle as it was first written. */
    parts: z
      .array(z.strictObject({ part: z.int().min(1), run_id: z.string(), manifest: stored, bundle: stored }))
      .max(MAX_PARTS),
  }),
})
/** `index.json`. */
export type ExportIndex = z.infer<typeof exportIndex>

/** Paths of a sharded export beside its parts. */
export const indexPaths = { index: 'index.json', signature: 'signatures/index.sig' } as const
