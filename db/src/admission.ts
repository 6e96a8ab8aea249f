import type { RunLimits } from '@stella/contracts'
import { eq, sql } from 'drizzle-orm'
import { named, type RunId } from './export-runs.ts'
import { beginPlanning } from './run-steps.ts'
import { exportRuns } from './schema.ts'
import type { Transaction } from './session.ts'

/** A queued run that may start now. */
export interface NextRun {
  readonly runId: string
  /** Time since it was created or its job was last published again, in milliseconds. */
  readonly silentMs: number
}

/** `planning`: it may be planned, now or since an earlier call · `waiting`: it stays queued · `over`: it is past planning, or absent. */
export type Admission = 'planning' | 'waiting' | 'over'

/** States of a run that is under way: what the limits count. */
const BUSY = sql.raw(`('planning', 'writing', 'sealing', 'distributing')`)
/** First key of the advisory lock that one tenant's admissions take; the second is made of the tenant. */
const ADMISSION_LOCK = 7_005

/**
 * queued → planning, where the limits leave room and no older run has a claim to it. Admissions of one tenant are made one after the
 * other, so that no two take the same place. A part has the place of the run that it is a part of.
 */
export async function admitRun(
  tx: Transaction,
  { limits, ...run }: RunId & { readonly limits: RunLimits },
): Promise<Admission> {
  const { tenantId, runId } = run
  const [asked] = await tx.select({ partOf: exportRuns.partOf }).from(exportRuns).where(named(run))
  if (asked?.partOf != null) return (await beginPlanning(tx, run)) ? 'planning' : 'over'
  await tx.execute(sql`select pg_advisory_xact_lock(${ADMISSION_LOCK}, hashtext(${tenantId}))`)
  const [found] = await tx.select({ state: exportRuns.state }).from(exportRuns).where(named(run))
  if (found?.state !== 'queued') return (await beginPlanning(tx, run)) ? 'planning' : 'over'

  const next = await nextRuns(tx, { tenantId, limits })
  if (!next.some((candidate) => candidate.runId === runId)) return 'waiting'
  return (await beginPlanning(tx, run)) ? 'planning' : 'over'
}

/**
 * The queued runs of a tenant that the limits let start now, the oldest first: as many as are free in all, and of each profile as many
 * as are free there. A profile's newest revision says how many; where it does not, `limits` does.
 */
export async function nextRuns(
  tx: Transaction,
  { tenantId, limits }: { readonly tenantId: string; readonly limits: RunLimits },
): Promise<NextRun[]> {
  const [busy] = await tx
    .select({ runs: sql<number>`count(*)::int` })
    .from(exportRuns)
    .where(
      sql`${eq(exportRuns.tenantId, tenantId)} and ${exportRuns.partOf} is null and ${exportRuns.state} in ${BUSY}`,
    )
  const free = limits.tenantRuns - (busy?.runs ?? 0)
  if (free <= 0) return []
  const rows = await tx.execute<{ id: string; silent: number }>(sql`
    with recursive waiting as (
      (select profile_id from export_runs
        where tenant_id = ${tenantId} and state = 'queued' and part_of is null order by profile_id limit 1)
      union all
      select (select r.profile_id from export_runs r where r.tenant_id = ${tenantId} and r.state = 'queued'
        and r.part_of is null and r.profile_id > waiting.profile_id order by r.profile_id limit 1)
      from waiting where waiting.profile_id is not null
    )
    select oldest.id, oldest.silent
    from waiting
    cross join lateral (
      select coalesce((select (p.config -> 'limits' ->> 'concurrent_runs')::int from profiles p
        where p.tenant_id = ${tenantId} and p.id = waiting.profile_id order by p.revision desc limit 1), ${limits.profileRuns}::int)
      - (select count(*)::int from export_runs b
        where b.tenant_id = ${tenantId} and b.profile_id = waiting.profile_id and b.part_of is null and b.state in ${BUSY}) as runs
    ) room
    cross join lateral (
      select r.id, r.created_at, (extract(epoch from clock_timestamp() - r.heartbeat_at) * 1000)::float8 as silent
      from export_runs r
      where r.tenant_id = ${tenantId} and r.profile_id = waiting.profile_id and r.state = 'queued' and r.part_of is null
      order by r.created_at, r.id limit greatest(room.runs, 0)
    ) oldest
    where waiting.profile_id is not null
    order by oldest.created_at, oldest.id limit ${free}`)
  return rows.map(({ id, silent }) => ({ runId: id, silentMs: silent }))
}
