import { z } from 'zod'

/** A document that did not go in, and why. `position` is `line:column` or a JSON pointer. */
export const refusedDocument = z.strictObject({ source: z.string(), position: z.string(), reason: z.string() })
/** A document that did not go in. */
export type RefusedDocument = z.infer<typeof refusedDocument>

/** What a batch did: every document read is new, changed, unchanged or refused. */
export const ingestSummary = z.strictObject({
  revision: z.int(),
  read: z.int(),
  new: z.int(),
  changed: z.int(),
  unchanged: z.int(),
  refused: z.array(refusedDocument),
})
/** What a batch did. */
export type IngestSummary = z.infer<typeof ingestSummary>

/** States of a batch. */
export const ingestStates = ['received', 'running', 'completed', 'failed'] as const

/** A batch as the API returns it; `summary` is null until it completed. */
export const ingest = z.strictObject({
  id: z.string(),
  state: z.enum(ingestStates),
  summary: ingestSummary.nullable(),
  error_class: z.string().nullable(),
  error_message: z.string().nullable(),
  created_at: z.iso.datetime(),
  finished_at: z.iso.datetime().nullable(),
})
/** A batch as the API returns it. */
export type Ingest = z.infer<typeof ingest>

/** Query of `POST /ledger/ingest`: where the documents came from, and whether one refusal refuses all. */
export const ingestQuery = z.object({
  source_uri: z.string().max(2048).optional(),
  source_name: z.string().max(1024).optional(),
  strict: z.enum(['true', 'false']).default('false'),
})
