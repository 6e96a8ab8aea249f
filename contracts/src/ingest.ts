import { z } from 'zod'

import { resourceId } from './resource-id.ts'

/** A document that did not go in, and why. `position` is `line:column`, a JSON pointer, or `byte N` in an archive. */
export const refusedDocument = z.strictObject({ source: z.string(), position: z.string(), reason: z.string() })
/** A document that did not go in. */
export type RefusedDocument = z.infer<typeof refusedDocument>

/**
 * A member that documents have and no export carries; the document as received has it. `path` is a JSON pointer with `*` for every
 * index, `documents` how many documents of the batch have it.
 */
export const notHeld = z.strictObject({
  format: z.string(),
  path: z.string(),
  documents: z.int(),
  /** Where runs that take it fail with `schema_mismatch`: key of the first record that has it. Else the record is without it. */
  record: z.string().optional(),
  /** Why such a run fails. */
  reason: z.string().optional(),
})
/** A member that documents have and no export carries. */
export type NotHeld = z.infer<typeof notHeld>

/** What a batch did: every document read is new, changed, unchanged or refused. */
export const ingestSummary = z.strictObject({
  revision: z.int(),
  read: z.int(),
  new: z.int(),
  changed: z.int(),
  unchanged: z.int(),
  refused: z.array(refusedDocument),
  not_held: z.array(notHeld),
  /** True where there were more paths than a summary names. */
  not_held_more: z.boolean(),
})
/** What a batch did. */
export type IngestSummary = z.infer<typeof ingestSummary>

/** States of a batch. */
export const ingestStates = ['received', 'running', 'completed', 'failed'] as const

/** A batch as the API returns it; `summary` is null until it completed. */
export const ingest = z.strictObject({
  id: resourceId,
  state: z.enum(ingestStates),
  summary: ingestSummary.nullable(),
  error_class: z.string().nullable(),
  error_message: z.string().nullable(),
  created_at: z.iso.datetime(),
  finished_at: z.iso.datetime().nullable(),
})
/** A batch as the API returns it. */
export type Ingest = z.infer<typeof ingest>

/** A batch as a list shows it: without its summary, which may name many documents. `revision` is the one that it made or found. */
export const ingestEntry = ingest.omit({ summary: true }).extend({
  source_uri: z.string().nullable(),
  revision: z.int().nullable(),
  created_by: z.string(),
})
/** A batch as a list shows it. */
export type IngestEntry = z.infer<typeof ingestEntry>

/** Text that goes into logs, manifests and tables: no control characters. */
const plain = (maxChars: number) =>
  z
    .string()
    .max(maxChars)
    .regex(/^[^\p{Cc}\p{Surrogate}]+$/u, 'must not hold control characters')

/** A scheme, and characters that a URI may hold (RFC 3986, sections 2 and 3). */
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:[\w.~:/?#[\]@!$&'()*+,;=%-]+$/

/** How the files of a batch are read: by what they hold, or as rows of an index of a Maven repository. */
export const ingestFormats = ['auto', 'maven-index'] as const
/** How the files of a batch are read. */
export type IngestFormat = (typeof ingestFormats)[number]

/** Query of `POST /ledger/ingest`: where the documents came from, and whether one refusal refuses all. */
export const ingestQuery = z.strictObject({
  source_uri: z
    .string()
    .max(2048)
    .regex(URI, 'must be a URI, such as https://feeds.example/osv')
    .refine((uri) => !/^[^/?#]*\/\/[^/?#]*@/.test(uri), 'must not hold a user or password: it goes into manifests')
    .refine(
      (uri) => !/[?&#;](?:[^=&#;]*[_-])?(?:token|key|secret|password|passwd|sig|signature|auth)=/i.test(uri),
      'must not hold a credential: it goes into manifests',
    )
    .optional()
    .describe('Where the documents came from.'),
  source_name: plain(1024).optional().describe('Name of the one document that the body is.'),
  format: z
    .enum(ingestFormats)
    .default('auto')
    .describe('How files are read: by what they hold, or as rows of an index of a Maven repository.'),
  strict: z.enum(['true', 'false']).default('false').describe('Whether one refused document refuses all.'),
})
