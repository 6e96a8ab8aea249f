import { finalRunStates, type RunState } from '@stella/contracts'
import { and, asc, eq, notInArray, sql } from 'drizzle-orm'
import { named, type RunId } from './export-runs.ts'
import { exportRuns } from './schema.ts'
import type { Transaction } from './session.ts'

/** A run that was ended, and how. */
export interface EndedRun {
  readonly runId: string
  readonly state: RunState
}

interface End {
  readonly state: 'failed' | 'cancelled'
  readonly errorClass?: string
  readonly errorMessage?: string
}

const now = sql`clock_timestamp()`

/**
 * Ends a run that failed, and with it the run that it is a part of and all its other parts.
 * @returns every run that was ended by this call; none where the run had ended or there is none
 */
export async function failRun(
  tx: Transaction,
  { errorClass, errorMessage, ...run }: RunId & { errorClass: string; errorMessage: string },
): Promise<EndedRun[]> {
  return endRun(tx, run, { state: 'failed', errorClass, errorMessage })
}

/** Cancels a run in any phase, and with it the run that it is a part of and all its other parts. Answers as `failRun`. */
export async function cancelRun(tx: Transaction, run: RunId): Promise<EndedRun[]> {
  return endRun(tx, run, { state: 'cancelled' })
}

async function endRun(tx: Transaction, run: RunId, end: End): Promise<EndedRun[]> {
  const { tenantId } = run
  const whole = await lockWhole(tx, run)
  if (whole === null || !(await endOne(tx, run, end))) return []
  const ended: EndedRun[] = [{ runId: run.runId, state: end.state }]
  if (whole !== run.runId && (await endOne(tx, { tenantId, runId: whole }, endOfWhole(run, end)))) {
    ended.push({ runId: whole, state: end.state })
  }
  return [...ended, ...(await endParts(tx, { tenantId, runId: whole }))]
}

/** The run that a run is a part of, or itself. Its row is locked, so that two parts which end at once end it one after the other. */
async function lockWhole(tx: Transaction, run: RunId): Promise<string | null> {
  const [found] = await tx
    .select({ whole: sql<string>`coalesce(${exportRuns.partOf}, ${exportRuns.id})` })
    .from(exportRuns)
    .where(named(run))
  if (!found) return null
  await tx
    .select({ id: exportRuns.id })
    .from(exportRuns)
    .where(named({ tenantId: run.tenantId, runId: found.whole }))
    .for('update')
  return found.whole
}

async function endOne(tx: Transaction, run: RunId, end: End): Promise<boolean> {
  const ended = await tx
    .update(exportRuns)
    .set({ ...end, heartbeatAt: now, finishedAt: now })
    .where(and(named(run), running))
    .returning({ id: exportRuns.id })
  return ended.length > 0
}

/** Parts of a run that ended without success: those at work are cancelled; one that had succeeded expires, its bytes are removed. */
async function endParts(tx: Transaction, { tenantId, runId }: RunId): Promise<EndedRun[]> {
  const isPart = and(eq(exportRuns.tenantId, tenantId), eq(exportRuns.partOf, runId))
  const ended = { runId: exportRuns.id, state: exportRuns.state }
  const parts = await tx
    .select({ id: exportRuns.id })
    .from(exportRuns)
    .where(isPart)
    .orderBy(asc(exportRuns.part))
    .for('update')
  if (parts.length === 0) return []
  const cancelled = await tx
    .update(exportRuns)
    .set({ state: 'cancelled', heartbeatAt: now, finishedAt: now })
    .where(and(isPart, running))
    .returning(ended)
  const expired = await tx
    .update(exportRuns)
    .set({ state: 'expired', pruned: 'removing-all' })
    .where(and(isPart, eq(exportRuns.state, 'succeeded')))
    .returning(ended)
  return [...cancelled, ...expired]
}

function endOfWhole({ runId }: RunId, { errorMessage, ...end }: End): End {
  return errorMessage === undefined ? end : { ...end, errorMessage: `its part ${runId}: ${errorMessage}` }
}

const running = notInArray(exportRuns.state, [...finalRunStates])
