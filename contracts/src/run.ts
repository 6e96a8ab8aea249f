import { z } from 'zod'

import { distribution } from './distribution.ts'
import { filters } from './filters.ts'
import { resourceId } from './resource-id.ts'

/** States of a run; the last four are final. */
export const runStates = [
  'queued',
  'planning',
  'writing',
  'sealing',
  'distributing',
  'succeeded',
  'failed',
  'cancelled',
  'expired',
] as const
/** One of the states of a run. */
export type RunState = (typeof runStates)[number]

/** States that a run never leaves. */
export const finalRunStates = ['succeeded', 'failed', 'cancelled', 'expired'] as const satisfies readonly RunState[]

/** True where the run has ended. */
export function isFinal(state: RunState): boolean {
  return (finalRunStates as readonly RunState[]).includes(state)
}

/** A run to create. Filters given here replace the profile's, field by field. */
export const newRun = z.strictObject({
  profile_id: resourceId,
  filters: filters.optional(),
  /** Of a delta: the run whose mirror it is for, or the delta that makes that mirror. */
  base_export_id: resourceId.optional(),
  distribution: distribution.optional(),
})
/** A run to create. */
export type NewRun = z.infer<typeof newRun>

/** Records and credentials counted by group. */
export const runCounts = z.strictObject({
  advisories: z.int(),
  vex: z.int(),
  sboms: z.int(),
  /** Where they were asked for. */
  jars: z.int().optional(),
})
/** Numbers of records by group. */
export type RunCounts = z.infer<typeof runCounts>

/** Size in bytes and SHA-256 of a file that the API serves. */
const storedFile = z.strictObject({ size: z.int(), sha256: z.string().regex(/^[0-9a-f]{64}$/) })

/** A run as the API returns it. */
export const run = z.strictObject({
  id: resourceId,
  profile_id: resourceId,
  profile_revision: z.int(),
  state: z.enum(runStates),
  trigger: z.enum(['manual', 'reproduce', 'part']),
  /** The run that this one rebuilds, or null. */
  reproduces: resourceId.nullable(),
  /** Of a delta, the run that it is for; null for any other. */
  base_export_id: resourceId.nullable(),
  /** The run that this one is a part of, and which of its parts, from 1; null for a run of its own. */
  part_of: resourceId.nullable(),
  part: z.int().nullable(),
  /** The parts of a run whose export was too large for one bundle, in order; null for any other run. */
  parts: z.array(resourceId).nullable(),
  filters,
  ledger_revision: z.int().nullable(),
  counts: runCounts.nullable(),
  /** Bytes that the plan expects, before compression. */
  estimated_bytes: z.int().nullable(),
  shards: z.strictObject({ planned: z.int(), written: z.int() }).nullable(),
  error_class: z.string().nullable(),
  error_message: z.string().nullable(),
  content_root: z.string().nullable(),
  /** What can be downloaded; of a run in parts, the index that names them. */
  bundle: storedFile.nullable(),
  /** `index.json` of a run in parts. */
  index: storedFile.nullable(),
  /** When its bundle, and when its manifest, provenance and signatures, are removed; null while it has none, and where they are kept. */
  expires_at: z.iso.datetime().nullable(),
  documents_expire_at: z.iso.datetime().nullable(),
  created_by: z.string(),
  created_at: z.iso.datetime(),
  started_at: z.iso.datetime().nullable(),
  finished_at: z.iso.datetime().nullable(),
})
/** A run as the API returns it. */
export type Run = z.infer<typeof run>
