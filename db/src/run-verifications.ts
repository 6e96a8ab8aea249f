import { Problem, type Verification, type VerificationVerdict } from '@stella/contracts'
import { and, desc, eq, type InferSelectModel, sql } from 'drizzle-orm'

import { now } from './column-types.ts'
import type { Database } from './open-database.ts'
import { type Page, pageOfRows } from './page-cursor.ts'
import type { Transaction } from './session.ts'
import { asSweep, type StalledQuery, type StalledWork, silenceOf, silent } from './stalled-work.ts'
import { olderThan, timeKey } from './time-cursor.ts'
import { runVerifications } from './verification-table.ts'

/** One verification of one tenant. */
export interface VerificationId {
  readonly tenantId: string
  readonly id: string
}

/** How a verification ends. */
export type VerificationEnd =
  | { readonly state: 'completed'; readonly verdict: VerificationVerdict }
  | { readonly state: 'failed'; readonly errorClass: string; readonly errorMessage: string }

/** Records a verification that is to be done, or answers the one of the run that is under way. */
export async function requestVerification(
  tx: Transaction,
  asked: { tenantId: string; id: string; runId: string; createdBy: string },
): Promise<Verification> {
  const { tenantId, runId } = runVerifications
  // One statement: the one under way may end at any instant.
  const [row] = await tx
    .insert(runVerifications)
    .values(asked)
    .onConflictDoUpdate({
      target: [tenantId, runId],
      targetWhere: sql`state = 'requested'`,
      set: { heartbeatAt: sql`run_verifications.heartbeat_at` },
    })
    .returning()
  if (!row) throw new Problem('internal', `the verification of run ${asked.runId} was not recorded`)
  return verificationOf(row)
}

/** The verification that is to be done, with its run; null where it has ended or there is none. Says that it is worked on. */
export async function beginVerification(tx: Transaction, of: VerificationId): Promise<{ runId: string } | null> {
  const [row] = await tx
    .update(runVerifications)
    .set({ heartbeatAt: now })
    .where(waiting(of))
    .returning({ runId: runVerifications.runId })
  return row ?? null
}

/** Ends a verification, once: one that had ended stays as it is. */
export async function endVerification(tx: Transaction, of: VerificationId, end: VerificationEnd): Promise<void> {
  await tx
    .update(runVerifications)
    .set({ ...end, heartbeatAt: now, finishedAt: now })
    .where(waiting(of))
}

/** A page of the verifications of a run, the newest first. @throws `request/invalid` for a cursor that cannot be read */
export async function listVerifications(
  tx: Transaction,
  query: { tenantId: string; runId: string; limit: number; cursor?: string | undefined },
): Promise<Page<Verification>> {
  const { tenantId, runId, createdAt, id } = runVerifications
  const rows = await tx
    .select()
    .from(runVerifications)
    .where(
      and(
        eq(tenantId, query.tenantId),
        eq(runId, query.runId),
        query.cursor === undefined ? undefined : olderThan('verifications', query.cursor, runVerifications),
      ),
    )
    .orderBy(desc(createdAt), desc(id))
    .limit(query.limit + 1)
  return pageOfRows(rows, { list: 'verifications', limit: query.limit, keyOf: timeKey, itemOf: verificationOf })
}

/** Verifications of all tenants that nobody seems to work on. */
export async function stalledVerifications(database: Database, query: StalledQuery): Promise<StalledWork[]> {
  const { tenantId, id, state, heartbeatAt } = runVerifications
  return asSweep(database, (tx) =>
    tx
      .select(silenceOf(runVerifications))
      .from(runVerifications)
      .where(and(eq(state, 'requested'), silent(runVerifications, query)))
      .orderBy(heartbeatAt, tenantId, id)
      .limit(query.limit),
  )
}

function waiting({ tenantId, id }: VerificationId) {
  return and(
    eq(runVerifications.tenantId, tenantId),
    eq(runVerifications.id, id),
    eq(runVerifications.state, 'requested'),
  )
}

function verificationOf(row: InferSelectModel<typeof runVerifications>): Verification {
  const { id, runId, state, verdict, errorClass, errorMessage, createdBy, createdAt, finishedAt } = row
  return {
    id,
    run_id: runId,
    state,
    verdict,
    error_class: errorClass,
    error_message: errorMessage,
    created_by: createdBy,
    created_at: createdAt,
    finished_at: finishedAt,
  }
}
