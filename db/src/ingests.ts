import { type Ingest, type IngestFormat, Problem } from '@stella/contracts'
import { and, eq, type InferSelectModel, inArray, sql } from 'drizzle-orm'
import { ingests } from './schema.ts'
import type { Transaction } from './session.ts'

/** A batch as its worker sees it. */
export type OpenIngest = Omit<InferSelectModel<typeof ingests>, 'summary'>

/** A batch that was received and is to be merged. `uploadKey` names the blob that holds its bytes. */
export interface NewIngest {
  readonly tenantId: string
  readonly id: string
  readonly sourceUri: string | null
  readonly sourceName: string | null
  readonly strict: boolean
  readonly format: IngestFormat
  readonly uploadKey: string
  /** SHA-256 of the upload, in hexadecimal. */
  readonly uploadSha256: string
  readonly uploadBytes: number
  readonly createdBy: string
}

/** One batch of one tenant. */
export interface IngestId {
  readonly tenantId: string
  readonly id: string
}

const now = sql`clock_timestamp()`

/**
 * Records a batch that was received.
 * @throws `resource/conflict` where the tenant has a batch of that id
 */
export async function recordIngest(tx: Transaction, ingest: NewIngest): Promise<Ingest> {
  const [row] = await tx.insert(ingests).values(ingest).onConflictDoNothing().returning()
  if (!row) throw new Problem('resource/conflict', `the ingest ${ingest.id} exists`)
  return ingestOf(row)
}

/** A batch as the API returns it, or null. */
export async function getIngest(tx: Transaction, ingest: IngestId): Promise<Ingest | null> {
  const [row] = await tx.select().from(ingests).where(named(ingest))
  return row ? ingestOf(row) : null
}

/** A batch as its worker needs it, or null. */
export async function openIngest(tx: Transaction, ingest: IngestId): Promise<OpenIngest | null> {
  const [row] = await tx.select().from(ingests).where(named(ingest))
  if (!row) return null
  const { summary: _summary, ...open } = row
  return open
}

/** Starts a batch, or goes on with one that was started; false where it has ended or there is none. */
export async function beginIngest(tx: Transaction, ingest: IngestId): Promise<boolean> {
  const begun = await tx
    .update(ingests)
    .set({ state: 'running', startedAt: sql`coalesce(${ingests.startedAt}, ${now})`, heartbeatAt: now })
    .where(running(ingest))
    .returning({ id: ingests.id })
  return begun.length > 0
}

/** Ends a batch that failed; false where it had ended or there is none. */
export async function failIngest(
  tx: Transaction,
  { errorClass, errorMessage, ...ingest }: IngestId & { errorClass: string; errorMessage: string },
): Promise<boolean> {
  const failed = await tx
    .update(ingests)
    .set({ state: 'failed', errorClass, errorMessage, heartbeatAt: now, finishedAt: now })
    .where(running(ingest))
    .returning({ id: ingests.id })
  return failed.length > 0
}

/** Says that a batch is being worked on; its state, or null where there is none. */
export async function heartbeatIngest(tx: Transaction, ingest: IngestId): Promise<Ingest['state'] | null> {
  const [beat] = await tx
    .update(ingests)
    .set({ heartbeatAt: now })
    .where(running(ingest))
    .returning({ state: ingests.state })
  if (beat) return beat.state
  const [ended] = await tx.select({ state: ingests.state }).from(ingests).where(named(ingest))
  return ended?.state ?? null
}

function named({ tenantId, id }: IngestId) {
  return and(eq(ingests.tenantId, tenantId), eq(ingests.id, id))
}

function running(ingest: IngestId) {
  return and(named(ingest), inArray(ingests.state, ['received', 'running']))
}

function ingestOf(row: InferSelectModel<typeof ingests>): Ingest {
  const { id, state, summary, errorClass, errorMessage, createdAt, finishedAt } = row
  return {
    id,
    state,
    summary,
    error_class: errorClass,
    error_message: errorMessage,
    created_at: createdAt,
    finished_at: finishedAt,
  }
}
