import { z } from 'zod'

import { coverage } from './export-parts.ts'
import { filterValue as ecosystem, filters, ledgerGroups, recordKinds } from './filters.ts'
import { ledgerId } from './ledger-id.ts'
import {
  MAX_EXTENT_RANGE_RECORDS,
  MAX_FILTER_VALUES,
  MAX_PART_BYTES,
  MAX_PROVENANCE_INPUTS,
  MAX_RECORD_KEY_CHARS,
  MAX_STREAM_RECORDS,
  MAX_TIME_BUCKETS,
  MIN_EXTENT_RANGE_RECORDS,
} from './limits.ts'
import { resourceId } from './resource-id.ts'
import { tenantId } from './tenant.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.int().min(0)
const key = z
  .string()
  .min(1)
  .max(MAX_RECORD_KEY_CHARS)
  .refine((text) => !/[\0\p{Surrogate}]/u.test(text), 'must not hold NUL or lone surrogates')

/** Which ledger an answer was read from, and as of which revision. `time`: when the revision was made, whole seconds in UTC. */
const readFrom = { ledger: ledgerId, tenant: tenantId, revision: count, time: z.iso.datetime() }

/** What a reading of the ledger asks for: a revision, the head unless given, and what an export takes of it. */
const scope = { revision: count.optional(), filters: filters.default({}) }

/**
 * A stream to read (`POST /ledger/records`): the records of one group in order of key, of the keys after `after`, from `from`
 * (inclusive) to `to` (exclusive). `filters.include` changes nothing here.
 */
export const recordsRequest = z.strictObject({
  group: z.enum(ledgerGroups),
  ...scope,
  after: key.optional(),
  from: key.optional(),
  to: key.optional(),
  limit: z.int().min(1).max(MAX_STREAM_RECORDS).default(MAX_STREAM_RECORDS),
})
/** A stream to read. */
export type RecordsRequest = z.infer<typeof recordsRequest>

const { include: _include, tenant_id: _tenant, undated: _undated, ...selectors } = filters.shape
const digits = z.string().regex(/^\d{1,15}$/, 'must be a whole number')

/** The query of `GET /ledger/<group>`: a stream to read, its filters side by side with the rest. */
export const ledgerQuery = z.strictObject({
  ...selectors,
  revision: digits.optional().describe('As of this revision; the newest unless given.'),
  cursor: key.optional().describe('Go on after this key: that of any line of an earlier answer.'),
  limit: digits.optional().describe(`Most records, 1 to ${MAX_STREAM_RECORDS}, which is what it is unless given.`),
})

/** The query of `GET /ledger/<group>`. */
export type LedgerQuery = z.infer<typeof ledgerQuery>

/** All of a line of a stream but `record`: its last member, the canonical text of the record, byte for byte as the ledger keeps it. */
export const ledgerLineHead = z.strictObject({
  kind: z.enum(recordKinds),
  key: z.string(),
  /** Revision that brought this version of the record. */
  revision: count,
  modified: z.iso.datetime().nullable(),
  /** Source URI of the batch that brought it. */
  source: z.string(),
  artifact_sha256: sha256,
  body_sha256: sha256,
  /** SBOMs only: folder of the subject in an export of this scope. */
  folder: z.string().optional(),
  /** SBOMs only: name of the document in that folder. */
  file_name: z.string().optional(),
})
/** All of a line of a stream but the record. */
export type LedgerLineHead = z.infer<typeof ledgerLineHead>

/** The last line of a stream that is complete. `sha256` covers all bytes before the line. */
export const ledgerEnd = z.strictObject({
  end: z.strictObject({
    ledger: ledgerId,
    revision: count,
    records: count,
    /** Key to go on after, where the limit ended the stream; null where nothing follows. */
    next_cursor: z.string().nullable(),
    sha256,
  }),
})
/** The last line of a stream that is complete. */
export type LedgerEnd = z.infer<typeof ledgerEnd>

/** A line of a ledger stream. Source: docs/formats/ledger-stream.md. */
export const ledgerLine = z.union([ledgerLineHead.extend({ record: z.looseObject({}) }), ledgerEnd])

/** An extent to read (`POST /ledger/extents`): how much a scope holds of one group, and where its ranges begin. */
export const extentRequest = z.strictObject({
  group: z.enum(ledgerGroups),
  ...scope,
  range_records: z.int().min(MIN_EXTENT_RANGE_RECORDS).max(MAX_EXTENT_RANGE_RECORDS),
})

/** How much a scope holds of one group. `bytes`: of records, or of documents for SBOMs. `starts`: first keys of its ranges, bytewise. */
export const ledgerExtent = z.strictObject({ ...readFrom, records: count, bytes: count, starts: z.array(key) })
/** How much a scope holds of one group. */
export type LedgerExtent = z.infer<typeof ledgerExtent>

/** What gave to a scope (`POST /ledger/sources`). */
export const sourcesRequest = z.strictObject({
  ...scope,
  /** Most batches that are named, the latest ones. */
  limit: z.int().min(1).max(MAX_PROVENANCE_INPUTS).default(MAX_PROVENANCE_INPUTS),
})

/** What each source and each batch gave to a scope. `inputs[].sha256`: over the sorted digests of its documents, 32 bytes each. */
export const ledgerSources = z.strictObject({
  ...readFrom,
  coverage: z.array(coverage),
  inputs: z
    .array(z.strictObject({ ingest: resourceId, source: z.string(), revision: count, artifacts: count, sha256 }))
    .max(MAX_PROVENANCE_INPUTS),
  omitted_inputs: count,
})
/** What each source and each batch gave to a scope. */
export type LedgerSources = z.infer<typeof ledgerSources>

/** Where the bytes of a scope lie in time (`POST /ledger/times`), for exports that come in parts. */
export const timesRequest = z.strictObject({
  ...scope,
  /** Bytes of a bucket: about so many, unless records of one millisecond have more. */
  grain_bytes: z.int().min(1).max(MAX_PART_BYTES),
})

/** The bytes of a scope by time of modification. A bucket ends where the next begins; `from` is null for records without a time. */
export const ledgerTimes = z.strictObject({
  ...readFrom,
  buckets: z
    .array(z.strictObject({ from: z.iso.datetime().nullable(), records: count, bytes: count }))
    .max(MAX_TIME_BUCKETS),
})
/** The bytes of a scope by time of modification. */
export type LedgerTimes = z.infer<typeof ledgerTimes>

/** How much of a scope is of which ecosystem (`POST /ledger/ecosystems`), for exports that come in parts. */
export const ecosystemsRequest = z.strictObject({
  ...scope,
  /** In the order in which they take: a record of several counts for the first of them. */
  ecosystems: z.array(ecosystem).min(1).max(MAX_FILTER_VALUES),
})

/**
 * How much of a scope is of which ecosystem, every record once: an entry for each that was asked for, in that order, and a last one, whose
 * `ecosystem` is null, for records of none of them.
 */
export const ledgerEcosystems = z.strictObject({
  ...readFrom,
  ecosystems: z
    .array(z.strictObject({ ecosystem: ecosystem.nullable(), records: count, bytes: count }))
    .max(MAX_FILTER_VALUES + 1),
})
/** How much of a scope is of which ecosystem. */
export type LedgerEcosystems = z.infer<typeof ledgerEcosystems>

/** A revision of the ledger, as `GET /ledger/revisions` lists them, the newest first. */
export const ledgerRevision = z.strictObject({
  revision: z.int().min(1),
  time: z.iso.datetime(),
  ingest: resourceId,
  new_documents: count,
  changed_documents: count,
})
/** A revision of the ledger. */
export type LedgerRevision = z.infer<typeof ledgerRevision>
