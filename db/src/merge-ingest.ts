import {
  type IngestSummary,
  MAX_REFUSED_DOCUMENTS,
  type NotHeld,
  Problem,
  problems,
  type RefusedDocument,
} from '@stella/contracts'
import type { ISql } from 'postgres'

import { appendRevision } from './append-revision.ts'
import { Connection } from './connection.ts'
import { connectionOptions } from './connection-options.ts'
import { stageRows } from './ingest-stage.ts'
import { judgeDocuments, type Verdicts } from './judge-documents.ts'
import type { Database } from './open-database.ts'
import { tenantSetting } from './with-tenant.ts'

/** A batch to merge. */
export interface MergedBatch {
  readonly tenantId: string
  readonly ingestId: string
  /** True where one refused document refuses the batch. */
  readonly strict: boolean
  /** The rows of `ingest_stage` in COPY BINARY, in chunks of any size. */
  readonly rows: AsyncIterable<Uint8Array>
  /** Asked once when `rows` has ended: how many documents were read, and those that could not be. */
  readonly summary: () => { readonly read: number; readonly refused: readonly RefusedDocument[] } & NotHeldSummary
  readonly signal: AbortSignal
}

/**
 * Merges a batch into the ledger as one revision, in one transaction over a connection of its own: all of it, or nothing. A batch
 * without new or changed documents makes no revision. A batch that was merged before answers its stored summary and changes nothing.
 * Batches of one tenant are merged one after the other; their rows are taken in at the same time.
 * @returns counts of documents: read = new + changed + unchanged + refused
 * @throws `ingest/refused` where `strict` is set and a document was refused: the batch is then `failed` and keeps its summary, with
 *   nothing new or changed · `ingest/too-many-refused` · `resource/conflict` where the batch failed before · `resource/not-found` ·
 *   `native/cancelled` · `db/unavailable` · `blob/full` · `internal` · what `rows` throws
 */
export async function mergeIngest(database: Database, batch: MergedBatch): Promise<IngestSummary> {
  const { signal } = batch
  const connection = new Connection(connectionOptions(database.url, 1))
  const stop = () => void connection.close(0)
  signal.addEventListener('abort', stop, { once: true })
  try {
    signal.throwIfAborted()
    const merged = await connection.transaction({ settings: tenantSetting(batch.tenantId) }, (_, sql) =>
      mergeBatch(sql, batch),
    )
    if (merged.refusedBatch) throw new Problem('ingest/refused', merged.refusedBatch)
    return merged.summary
  } catch (error) {
    if (signal.aborted) throw new Problem('native/cancelled', 'the ingest was stopped', { cause: error })
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
    await connection.close(0)
  }
}

/** What documents say beyond their records. */
interface NotHeldSummary {
  readonly notHeld: readonly NotHeld[]
  readonly notHeldMore: boolean
}

type Said = Pick<IngestSummary, 'not_held' | 'not_held_more'>

interface Merged {
  readonly summary: IngestSummary
  /** Why a strict batch was refused. */
  readonly refusedBatch?: string
}

async function mergeBatch(tx: ISql, batch: MergedBatch): Promise<Merged> {
  const { tenantId, ingestId, strict } = batch
  const before = await storedSummary(tx, batch)
  if (before) return { summary: before }

  await stageRows(tx, batch.rows, batch.signal)
  const { read, refused: unread, notHeld, notHeldMore } = batch.summary()
  const said = { not_held: [...notHeld], not_held_more: notHeldMore }
  const head = await lockHead(tx, tenantId)
  const meanwhile = await storedSummary(tx, batch)
  if (meanwhile) return { summary: meanwhile }

  const verdicts = await judgeDocuments(tx, tenantId)
  const refused = [...unread, ...verdicts.refused]
  const { newDocuments, changedDocuments, unchangedDocuments } = verdicts
  if (newDocuments + changedDocuments + unchangedDocuments + refused.length !== read) {
    throw new Problem('internal', `the rows of the ingest ${ingestId} do not make the ${read} documents that were read`)
  }
  if (refused.length > MAX_REFUSED_DOCUMENTS) {
    throw new Problem(
      'ingest/too-many-refused',
      `more than ${MAX_REFUSED_DOCUMENTS} documents were refused: look at the first of them`,
    )
  }
  if (strict && refused.length > 0) return refuseBatch(tx, batch, { read, refused, said, head, verdicts })

  const revision = newDocuments + changedDocuments > 0 ? head + 1 : head
  if (revision > head) {
    await appendRevision(tx, { tenantId, revision, ingestId })
    await moveHead(tx, { tenantId, revision, ingestId, newDocuments, changedDocuments })
  }
  const summary = {
    revision,
    read,
    new: newDocuments,
    changed: changedDocuments,
    unchanged: unchangedDocuments,
    refused,
    ...said,
  }
  await endIngest(tx, batch, { state: 'completed', summary, errorMessage: null })
  return { summary }
}

/** The summary of a batch that was merged already; null where it is to be merged. */
async function storedSummary(tx: ISql, { tenantId, ingestId }: MergedBatch): Promise<IngestSummary | null> {
  const [row] = await tx<{ state: string; summary: IngestSummary | null }[]>`
    select state, case when state = 'completed' then summary end as summary
    from public.ingests where tenant_id = ${tenantId} and id = ${ingestId}`
  if (!row) throw new Problem('resource/not-found', `there is no ingest ${ingestId}`)
  if (row.state === 'failed')
    throw new Problem('resource/conflict', `the ingest ${ingestId} has failed: ingest the documents again`)
  return row.summary
}

/** Waits for the merges of the tenant that are before this one; the revision they left. */
async function lockHead(tx: ISql, tenantId: string): Promise<number> {
  await tx`insert into public.ledger_heads (tenant_id, revision, moved_at) values (${tenantId}, 0, 'epoch') on conflict do nothing`
  const [head] = await tx`select revision from public.ledger_heads where tenant_id = ${tenantId} for update`
  return Number(head?.revision)
}

async function moveHead(
  tx: ISql,
  to: { tenantId: string; revision: number; ingestId: string; newDocuments: number; changedDocuments: number },
): Promise<void> {
  await tx`
    with moved as (
      update public.ledger_heads set revision = ${to.revision}, moved_at = greatest(moved_at, clock_timestamp())
      where tenant_id = ${to.tenantId} returning tenant_id, revision, moved_at
    )
    insert into public.ledger_revisions (tenant_id, revision, ingest_id, created_at, new_documents, changed_documents)
    select tenant_id, revision, ${to.ingestId}, moved_at, ${to.newDocuments}, ${to.changedDocuments} from moved`
}

async function refuseBatch(
  tx: ISql,
  batch: MergedBatch,
  found: { read: number; refused: RefusedDocument[]; said: Said; head: number; verdicts: Verdicts },
): Promise<Merged> {
  const { read, refused, said, head, verdicts } = found
  const refusedBatch = `${refused.length} of ${read} documents were refused, and the ingest is strict: nothing was taken in`
  const summary = { revision: head, read, new: 0, changed: 0, unchanged: verdicts.unchangedDocuments, refused, ...said }
  await endIngest(tx, batch, { state: 'failed', summary, errorMessage: refusedBatch })
  return { summary, refusedBatch }
}

async function endIngest(
  tx: ISql,
  { tenantId, ingestId }: MergedBatch,
  end: { state: 'completed' | 'failed'; summary: IngestSummary; errorMessage: string | null },
): Promise<void> {
  const errorClass = end.state === 'failed' ? problems['ingest/refused'].errorClass : null
  const ended = await tx`
    update public.ingests set state = ${end.state}, revision = ${end.summary.revision}, summary = ${JSON.stringify(end.summary)}::text::json,
      error_class = ${errorClass}, error_message = ${end.errorMessage}, started_at = coalesce(started_at, clock_timestamp()),
      heartbeat_at = clock_timestamp(), finished_at = clock_timestamp()
    where tenant_id = ${tenantId} and id = ${ingestId} and state in ('received', 'running')`
  if (ended.count !== 1) throw new Problem('resource/conflict', `the ingest ${ingestId} ended while it was merged`)
}
