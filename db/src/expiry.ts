import type { Retention, RunState } from '@stella/contracts'
import { and, asc, eq, lte, or, sql } from 'drizzle-orm'

import { named, type RunId } from './export-runs.ts'
import type { Database, Transaction } from './open-database.ts'
import type { Pruned } from './pruned.ts'
import { exportRuns } from './schema.ts'
import { asSweep } from './stalled-work.ts'

/** A run, of any tenant, of which bytes are to be removed now. */
export interface PrunableRun {
  readonly tenantId: string
  readonly runId: string
  readonly state: RunState
  readonly pruned: Pruned | null
}

/** When bytes of a run that is sealed are to be removed: so many days after it finished. */
export function expiryOf({ data_days, documents_days }: Retention) {
  const after = (days: number) => sql`${exportRuns.finishedAt} + make_interval(days => ${days}::int)`
  return { expiresAt: after(data_days), documentsExpireAt: after(documents_days) }
}

/** Runs of all tenants of which bytes are due at `now`, or whose removal was begun and not finished; those due longest first. */
export async function prunableRuns(
  database: Database,
  { now, limit }: { now: Date; limit: number },
): Promise<PrunableRun[]> {
  const { tenantId, id: runId, state, pruned, expiresAt, documentsExpireAt } = exportRuns
  const at = now.toISOString()
  return asSweep(database, (tx) =>
    tx
      .select({ tenantId, runId, state, pruned })
      .from(exportRuns)
      .where(
        or(
          sql`${pruned} in ('removing-data', 'removing-all')`,
          and(sql`${state} = 'succeeded'`, lte(expiresAt, at)),
          and(sql`${pruned} = 'data'`, lte(documentsExpireAt, at)),
        ),
      )
      .orderBy(asc(expiresAt), asc(tenantId), asc(runId))
      .limit(limit),
  )
}

/** succeeded → expired: from here on its bundle is not served, and may be removed. False where another call was first, or it is not due. */
export async function expireRun(tx: Transaction, { now, ...run }: RunId & { now: Date }): Promise<boolean> {
  const expired = await tx
    .update(exportRuns)
    .set({ state: 'expired', pruned: 'removing-data' })
    .where(and(named(run), eq(exportRuns.state, 'succeeded'), lte(exportRuns.expiresAt, now.toISOString())))
    .returning({ id: exportRuns.id })
  return expired.length > 0
}

/** From here on no document of an expired run is served, and all may be removed, where they are due. */
export async function expireDocuments(tx: Transaction, { now, ...run }: RunId & { now: Date }): Promise<void> {
  await tx
    .update(exportRuns)
    .set({ pruned: 'removing-all' })
    .where(and(named(run), eq(exportRuns.pruned, 'data'), lte(exportRuns.documentsExpireAt, now.toISOString())))
}

const removed = { 'removing-data': 'data', 'removing-all': 'all' } as const

/** Records that the bytes which were to be removed are gone. */
export async function recordRemoved(
  tx: Transaction,
  { removing, ...run }: RunId & { removing: keyof typeof removed },
): Promise<void> {
  await tx
    .update(exportRuns)
    .set({ pruned: removed[removing] })
    .where(and(named(run), eq(exportRuns.pruned, removing)))
}
