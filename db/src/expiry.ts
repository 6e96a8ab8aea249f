import type { Retention, RunState } from '@stella/contracts'
import { and, asc, eq, lte, or, type SQL, sql } from 'drizzle-orm'
import { named, type RunId } from './export-runs.ts'
import type { Database } from './open-database.ts'
import type { Pruned } from './pruned.ts'
import { exportRuns } from './schema.ts'
import type { Transaction } from './session.ts'
import { asSweep } from './stalled-work.ts'

/** A run, of any tenant, of which bytes are to be removed now. */
export interface PrunableRun {
  readonly tenantId: string
  readonly runId: string
  readonly state: RunState
  readonly pruned: Pruned | null
  /** When its bundle was due, as PostgreSQL writes it; `infinity` where it never had one. */
  readonly dueAt: string
}

/** Where a page of runs to prune ends: its last run. */
export type PruneCursor = Pick<PrunableRun, 'dueAt' | 'tenantId' | 'runId'>

/** When bytes of a run that is sealed are to be removed: so many days after it finished. */
export function expiryOf({ data_days, documents_days }: Retention) {
  const after = (days: number) => sql`${exportRuns.finishedAt} + make_interval(days => ${days}::int)`
  return { expiresAt: after(data_days), documentsExpireAt: after(documents_days) }
}

/** Runs of all tenants of which bytes are due at `now`, or whose removal was begun and not finished; those due longest first, beginning after one of them. */
export async function prunableRuns(
  database: Database,
  { now, after, limit }: { now: Date; after: PruneCursor | null; limit: number },
): Promise<PrunableRun[]> {
  const { tenantId, id: runId, state, pruned, expiresAt, documentsExpireAt } = exportRuns
  const at = now.toISOString()
  const dueAt = sql<string>`coalesce(${expiresAt}, 'infinity')`
  return asSweep(database, (tx) =>
    tx
      .select({ tenantId, runId, state, pruned, dueAt: sql<string>`${dueAt}::text` })
      .from(exportRuns)
      .where(
        and(
          or(
            sql`${pruned} in ('removing-data', 'removing-all')`,
            and(sql`${state} = 'succeeded'`, lte(expiresAt, at)),
            and(sql`${pruned} = 'data'`, lte(documentsExpireAt, at)),
          ),
          after === null
            ? undefined
            : sql`(${dueAt}, ${tenantId}, ${runId}) > (${after.dueAt}::timestamptz, ${after.tenantId}, ${after.runId})`,
        ),
      )
      .orderBy(asc(dueAt), asc(tenantId), asc(runId))
      .limit(limit),
  )
}

/**
 * succeeded → expired: from here on its bundle is not served, and may be removed. False where another call was first, or it is not due: a part
 * is not before the run that it is a part of.
 */
export async function expireRun(tx: Transaction, { now, ...run }: RunId & { now: Date }): Promise<boolean> {
  const expired = await tx
    .update(exportRuns)
    .set({ state: 'expired', pruned: 'removing-data' })
    .where(and(named(run), eq(exportRuns.state, 'succeeded'), isDue(exportRuns.expiresAt, now)))
    .returning({ id: exportRuns.id })
  return expired.length > 0
}

/** From here on no document of an expired run is served, and all may be removed, where they are due; those of a part not before its run's. */
export async function expireDocuments(tx: Transaction, { now, ...run }: RunId & { now: Date }): Promise<void> {
  await tx
    .update(exportRuns)
    .set({ pruned: 'removing-all' })
    .where(and(named(run), eq(exportRuns.pruned, 'data'), isDue(exportRuns.documentsExpireAt, now)))
}

/** Whether the bytes of a run, and where it is a part those of its whole, are due. What ended without success holds no part back. */
function isDue(expiry: typeof exportRuns.expiresAt | typeof exportRuns.documentsExpireAt, now: Date): SQL {
  const at = now.toISOString()
  return sql`${expiry} <= ${at} and not exists (select from ${exportRuns} whole
    where whole.tenant_id = ${exportRuns.tenantId} and whole.id = ${exportRuns.partOf}
      and whole.state not in ('failed', 'cancelled')
      and coalesce(whole.${sql.identifier(expiry.name)} > ${at}, true))`
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
