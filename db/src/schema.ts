import type {
  Filters,
  IngestFormat,
  IngestSummary,
  Profile,
  ProfileConfig,
  RecordKind,
  Run,
  RunCounts,
  RunState,
} from '@stella/contracts'
import type { Plan, PreviousMirror, ShardOutput } from '@stella/core'
import { sql } from 'drizzle-orm'
import {
  boolean,
  doublePrecision,
  foreignKey,
  index,
  integer,
  json,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'

import { bytes, bytewiseText, count, digest, instant, now, recordedAt, tenantId } from './column-types.ts'
import type { CreatingAnswer } from './idempotency-keys.ts'
import type { Pruned } from './pruned.ts'
import type { Sealed } from './sealed.ts'

// The migrations make the tables; this names their columns for queries, and a test compares the two. Limits of values, row level
// security and storage are in the migrations alone.

/** The newest revision of each tenant's ledger. */
export const ledgerHeads = pgTable('ledger_heads', {
  tenantId: bytewiseText('tenant_id').primaryKey(),
  revision: count('revision').notNull(),
  movedAt: recordedAt('moved_at').notNull(),
})

/** Batches of documents: how far each is, and what it did. */
export const ingests = pgTable(
  'ingests',
  {
    tenantId,
    id: bytewiseText('id').notNull(),
    state: bytewiseText('state').$type<'received' | 'running' | 'completed' | 'failed'>().notNull().default('received'),
    sourceUri: text('source_uri'),
    sourceName: text('source_name'),
    strict: boolean('strict').notNull(),
    uploadKey: text('upload_key').notNull(),
    uploadSha256: digest('upload_sha256').notNull(),
    uploadBytes: count('upload_bytes').notNull(),
    revision: count('revision'),
    summary: json('summary').$type<IngestSummary>(),
    errorClass: text('error_class'),
    errorMessage: text('error_message'),
    createdBy: text('created_by').notNull(),
    createdAt: recordedAt('created_at').notNull().default(now),
    startedAt: recordedAt('started_at'),
    heartbeatAt: recordedAt('heartbeat_at').notNull().default(now),
    finishedAt: recordedAt('finished_at'),
    format: bytewiseText('format').$type<IngestFormat>().notNull().default('auto'),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index('ingests_created').on(table.tenantId, table.createdAt, table.id),
    index('ingests_running').on(table.heartbeatAt).where(sql`state in ('received', 'running')`),
    index('ingests_completed').on(table.tenantId, table.sourceUri, table.finishedAt).where(sql`state = 'completed'`),
  ],
)

/** The revisions of each ledger, and the batch that made each. */
export const ledgerRevisions = pgTable(
  'ledger_revisions',
  {
    tenantId,
    revision: count('revision').notNull(),
    ingestId: bytewiseText('ingest_id').notNull(),
    createdAt: recordedAt('created_at').notNull(),
    newDocuments: count('new_documents').notNull(),
    changedDocuments: count('changed_documents').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.revision] }),
    unique().on(table.tenantId, table.ingestId),
    foreignKey({ columns: [table.tenantId, table.ingestId], foreignColumns: [ingests.tenantId, ingests.id] }),
  ],
)

/** Documents as received, byte for byte, addressed by digest. */
export const rawArtifacts = pgTable(
  'raw_artifacts',
  {
    tenantId,
    sha256: digest('sha256').notNull(),
    sizeBytes: count('size_bytes').notNull(),
    mediaType: text('media_type').notNull(),
    source: text('source').notNull(),
    sourceUri: text('source_uri'),
    fetchedAt: recordedAt('fetched_at').notNull(),
    ingestId: bytewiseText('ingest_id').notNull(),
    content: bytes('content').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.sha256] })],
)

/** Versions of normalized records. One lives from `revision` until `retired_revision`, which is null while it is current. */
export const records = pgTable(
  'records',
  {
    /** Place in its revision, by kind and key, from 1. */
    ordinal: integer('ordinal').notNull(),
    tenantId,
    kind: bytewiseText('kind').$type<RecordKind>().notNull(),
    recordKey: bytewiseText('record_key').notNull(),
    documentKey: bytewiseText('document_key').notNull(),
    revision: count('revision').notNull(),
    retiredRevision: count('retired_revision'),
    documentVersion: count('document_version').notNull(),
    documentModifiedAt: instant('document_modified_at'),
    modifiedAt: instant('modified_at'),
    subjectFolder: bytewiseText('subject_folder'),
    artifactSha256: digest('artifact_sha256').notNull(),
    contentSha256: digest('content_sha256').notNull(),
    bodySha256: digest('body_sha256').notNull(),
    body: text('body').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.revision, table.ordinal] }),
    unique('records_key').on(table.tenantId, table.kind, table.recordKey, table.retiredRevision).nullsNotDistinct(),
    index('records_current_documents')
      .on(table.tenantId, table.kind, table.documentKey)
      .where(sql`retired_revision is null and kind in ('vex', 'sbom')`),
    index('records_retired')
      .on(table.tenantId, table.kind, table.retiredRevision)
      .where(sql`retired_revision is not null`),
    index('records_modified').on(table.tenantId, table.kind, table.modifiedAt),
    index('records_subject_folders').on(table.tenantId, table.subjectFolder).where(sql`kind = 'sbom'`),
  ],
)

/** What a record version can be found by: the first half of the SHA-256 over name, 0x1f and value. */
export const recordSelectors = pgTable(
  'record_selectors',
  {
    tenantId,
    selector: uuid('selector').notNull(),
    revision: count('revision').notNull(),
    ordinal: integer('ordinal').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.selector, table.revision, table.ordinal] })],
)

/** Revisions of export profiles. One that is `deleted` ends the profile; a profile made anew goes on after it. */
export const profiles = pgTable(
  'profiles',
  {
    tenantId,
    id: bytewiseText('id').notNull(),
    revision: integer('revision').notNull(),
    name: text('name').notNull(),
    kind: bytewiseText('kind').notNull(),
    variant: bytewiseText('variant').notNull(),
    config: json('config').$type<ProfileConfig>().notNull(),
    createdBy: text('created_by').notNull(),
    createdAt: recordedAt('created_at').notNull().default(now),
    deleted: boolean('deleted').notNull().default(false),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id, table.revision] })],
)

/** Plans of exports; what lists show of them stands beside the whole. */
export const plans = pgTable(
  'plans',
  {
    tenantId,
    id: bytewiseText('id').notNull(),
    ledgerRevision: count('ledger_revision').notNull(),
    counts: json('counts').$type<RunCounts>().notNull(),
    estimatedBytes: count('estimated_bytes').notNull(),
    shardCount: integer('shard_count').notNull(),
    plan: json('plan').$type<Plan>().notNull(),
    createdAt: recordedAt('created_at').notNull().default(now),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)

/** Runs of exports. One that has ended cannot be changed, save that it expires: `pruned` says how far its removal is. */
export const exportRuns = pgTable(
  'export_runs',
  {
    tenantId,
    id: bytewiseText('id').notNull(),
    state: bytewiseText('state').$type<RunState>().notNull().default('queued'),
    profileId: bytewiseText('profile_id').notNull(),
    profileRevision: integer('profile_revision').notNull(),
    profile: json('profile').$type<Profile>().notNull(),
    filters: json('filters').$type<Filters>().notNull(),
    trigger: bytewiseText('trigger').$type<Run['trigger']>().notNull(),
    reproduces: bytewiseText('reproduces'),
    planId: bytewiseText('plan_id').notNull(),
    sealed: json('sealed').$type<Sealed>(),
    errorClass: text('error_class'),
    errorMessage: text('error_message'),
    createdBy: text('created_by').notNull(),
    createdAt: recordedAt('created_at').notNull().default(now),
    startedAt: recordedAt('started_at'),
    heartbeatAt: recordedAt('heartbeat_at').notNull().default(now),
    finishedAt: recordedAt('finished_at'),
    expiresAt: recordedAt('expires_at'),
    documentsExpireAt: recordedAt('documents_expire_at'),
    pruned: bytewiseText('pruned').$type<Pruned>(),
    partOf: bytewiseText('part_of'),
    part: integer('part'),
    baseRun: bytewiseText('base_run'),
    previous: json('previous').$type<PreviousMirror>(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    foreignKey({ columns: [table.tenantId, table.reproduces], foreignColumns: [table.tenantId, table.id] }),
    foreignKey({ columns: [table.tenantId, table.partOf], foreignColumns: [table.tenantId, table.id] }),
    foreignKey({ columns: [table.tenantId, table.baseRun], foreignColumns: [table.tenantId, table.id] }),
    uniqueIndex('export_runs_parts').on(table.tenantId, table.partOf, table.part).where(sql`part_of is not null`),
    index('export_runs_expiring').on(table.expiresAt).where(sql`state = 'succeeded'`),
    index('export_runs_documents_expiring').on(table.documentsExpireAt).where(sql`pruned = 'data'`),
    index('export_runs_removing').on(table.expiresAt).where(sql`pruned in ('removing-data', 'removing-all')`),
    index('export_runs_id').on(table.id),
    index('export_runs_created').on(table.tenantId, table.createdAt, table.id),
    index('export_runs_state').on(table.tenantId, table.state, table.createdAt, table.id),
    index('export_runs_running')
      .on(table.heartbeatAt)
      .where(sql`state in ('queued', 'planning', 'writing', 'sealing', 'distributing')`),
    index('export_runs_queued')
      .on(table.tenantId, table.profileId, table.createdAt, table.id)
      .where(sql`state = 'queued'`),
    index('export_runs_busy')
      .on(table.tenantId, table.profileId)
      .where(sql`state in ('planning', 'writing', 'sealing', 'distributing')`),
    index('export_runs_finished').on(table.tenantId, table.finishedAt, table.id).where(sql`finished_at is not null`),
  ],
)

/** What each job of a run wrote. */
export const runShards = pgTable(
  'run_shards',
  {
    tenantId,
    runId: bytewiseText('run_id').notNull(),
    shard: integer('shard').notNull(),
    output: json('output').$type<ShardOutput>().notNull(),
    writtenAt: recordedAt('written_at').notNull().default(now),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.runId, table.shard] }),
    foreignKey({ columns: [table.tenantId, table.runId], foreignColumns: [exportRuns.tenantId, exportRuns.id] }),
  ],
)

/** What is left of each rate limit; gateways take from it in blocks. */
export const rateBuckets = pgTable(
  'rate_buckets',
  {
    tenantId,
    bucket: bytewiseText('bucket').notNull(),
    tokens: doublePrecision('tokens').notNull(),
    granted: integer('granted').notNull(),
    refilledAt: instant('refilled_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.bucket] })],
)

/** What creating requests with an Idempotency-Key were answered. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    tenantId,
    key: bytewiseText('key').notNull(),
    fingerprint: digest('fingerprint').notNull(),
    answer: json('answer').$type<CreatingAnswer>().notNull(),
    createdAt: recordedAt('created_at').notNull().default(now),
    expiresAt: recordedAt('expires_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.key] }),
    index('idempotency_keys_expired').on(table.expiresAt),
  ],
)
