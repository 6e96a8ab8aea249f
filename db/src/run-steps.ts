import { finalRunStates, type RunState } from '@stella/contracts'
import { and, eq, inArray, notInArray, sql } from 'drizzle-orm'

import { named, type RunId } from './export-runs.ts'
import type { Transaction } from './open-database.ts'
import { exportRuns, plans, runShards } from './schema.ts'
import type { Sealed } from './sealed.ts'

const now = sql`clock_timestamp()`
const running = notInArray(exportRuns.state, [...finalRunStates])

/** queued → planning. True where the run is being planned, by this call or an earlier one; sets `startedAt` once. */
export async function beginPlanning(tx: Transaction, run: RunId): Promise<boolean> {
  const begun = await tx
    .update(exportRuns)
    .set({ state: 'planning', startedAt: sql`coalesce(${exportRuns.startedAt}, ${now})`, heartbeatAt: now })
    .where(and(named(run), inArray(exportRuns.state, ['queued', 'planning'])))
    .returning({ id: exportRuns.id })
  return begun.length > 0
}

/**
 * writing → sealing, where every shard of the plan was recorded. True where the run is being sealed, by this call or an earlier one;
 * sets `finishedAt` once.
 */
export async function beginSealing(tx: Transaction, run: RunId): Promise<boolean> {
  const complete = sql`(select count(*) from ${runShards}
      where ${runShards.tenantId} = ${exportRuns.tenantId} and ${runShards.runId} = ${exportRuns.id})
    = (select ${plans.shardCount} from ${plans}
      where ${plans.tenantId} = ${exportRuns.tenantId} and ${plans.id} = ${exportRuns.planId})`
  const begun = await tx
    .update(exportRuns)
    .set({ state: 'sealing', finishedAt: sql`coalesce(${exportRuns.finishedAt}, ${now})`, heartbeatAt: now })
    .where(and(named(run), inArray(exportRuns.state, ['writing', 'sealing']), complete))
    .returning({ id: exportRuns.id })
  return begun.length > 0
}

/**
 * sealing → succeeded: the one update that makes a bundle visible. True where the run has succeeded with this very bundle, by this call
 * or an earlier one; false where it ended otherwise, and the bundle given is nobody's.
 */
export async function sealRun(tx: Transaction, { sealed, ...run }: RunId & { sealed: Sealed }): Promise<boolean> {
  const done = await tx
    .update(exportRuns)
    .set({ state: 'succeeded', sealed, heartbeatAt: now })
    .where(and(named(run), eq(exportRuns.state, 'sealing')))
    .returning({ id: exportRuns.id })
  if (done.length > 0) return true
  const [ended] = await tx.select({ sealed: exportRuns.sealed }).from(exportRuns).where(named(run))
  return ended?.sealed?.bundle.sha256 === sealed.bundle.sha256
}

/** Ends a run that failed; false where it had ended or there is none. */
export async function failRun(
  tx: Transaction,
  { errorClass, errorMessage, ...run }: RunId & { errorClass: string; errorMessage: string },
): Promise<boolean> {
  return endRun(tx, run, { state: 'failed', errorClass, errorMessage })
}

/** Cancels a run in any phase; false where it had ended or there is none. */
export async function cancelRun(tx: Transaction, run: RunId): Promise<boolean> {
  return endRun(tx, run, { state: 'cancelled' })
}

/** Says that a run is being worked on; its state, or null where there is none. */
export async function heartbeat(tx: Transaction, run: RunId): Promise<RunState | null> {
  const [beat] = await tx
    .update(exportRuns)
    .set({ heartbeatAt: now })
    .where(and(named(run), running))
    .returning({ state: exportRuns.state })
  if (beat) return beat.state
  const [ended] = await tx.select({ state: exportRuns.state }).from(exportRuns).where(named(run))
  return ended?.state ?? null
}

async function endRun(
  tx: Transaction,
  run: RunId,
  end: { state: 'failed' | 'cancelled'; errorClass?: string; errorMessage?: string },
): Promise<boolean> {
  const ended = await tx
    .update(exportRuns)
    .set({ ...end, heartbeatAt: now, finishedAt: now })
    .where(and(named(run), running))
    .returning({ id: exportRuns.id })
  return ended.length > 0
}
