import type { Ingest, RunState } from '@stella/contracts'
import { and, asc, inArray, type SQL, sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import { SWEEP_ROLE } from './login-role.ts'
import type { Database } from './open-database.ts'
import { exportRuns, ingests } from './schema.ts'
import type { Transaction } from './session.ts'

/** How long work must have been silent, and how much of it to answer, the longest silent first. */
export interface StalledQuery {
  readonly olderThanMs: number
  readonly limit: number
}

/** A run that has not ended, of any tenant. */
export interface StalledRun {
  readonly tenantId: string
  readonly runId: string
  readonly state: RunState
  /** Time since the last sign of life, in milliseconds. */
  readonly silentMs: number
}

/** A batch that has not ended, of any tenant. */
export interface StalledIngest {
  readonly tenantId: string
  readonly ingestId: string
  readonly silentMs: number
}

/** Runs of all tenants that are under way and that nobody seems to work on. */
export async function stalledRuns(database: Database, { olderThanMs, limit }: StalledQuery): Promise<StalledRun[]> {
  const { tenantId, id: runId, state, heartbeatAt } = exportRuns
  return asSweep(database, (tx) =>
    tx
      .select({ tenantId, runId, state, silentMs: silenceOf(heartbeatAt) })
      .from(exportRuns)
      .where(and(sql`${state} in ('planning', 'writing', 'sealing', 'distributing')`, silent(heartbeatAt, olderThanMs)))
      .orderBy(asc(heartbeatAt), asc(tenantId), asc(runId))
      .limit(limit),
  )
}

/** Tenants that have queued runs, in order, beginning after one of them; the empty text begins with the first. */
export async function queuedTenants(
  database: Database,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<string[]> {
  const rows = await asSweep(database, (tx) =>
    tx.execute<{ tenant: string }>(sql`
      with recursive waiting as (
        (select tenant_id, 1 as place from export_runs where state = 'queued' and tenant_id > ${after} order by tenant_id limit 1)
        union all
        select (select r.tenant_id from export_runs r where r.state = 'queued' and r.tenant_id > waiting.tenant_id
          order by r.tenant_id limit 1), place + 1
        from waiting where waiting.tenant_id is not null and place < ${limit}
      )
      select tenant_id as tenant from waiting where tenant_id is not null order by tenant_id`),
  )
  return rows.map(({ tenant }) => tenant)
}

/** Batches of all tenants that nobody seems to work on. */
export async function stalledIngests(
  database: Database,
  { olderThanMs, limit }: StalledQuery,
): Promise<StalledIngest[]> {
  const { tenantId, id: ingestId, state, heartbeatAt } = ingests
  return asSweep(database, (tx) =>
    tx
      .select({ tenantId, ingestId, silentMs: silenceOf(heartbeatAt) })
      .from(ingests)
      .where(and(sql`${state} in ('received', 'running')`, silent(heartbeatAt, olderThanMs)))
      .orderBy(asc(heartbeatAt), asc(tenantId), asc(ingestId))
      .limit(limit),
  )
}

/** States of batches of any tenant; ids without a batch are left out. */
export async function ingestStates(
  database: Database,
  ids: readonly string[],
): Promise<{ tenantId: string; id: string; state: Ingest['state'] }[]> {
  if (ids.length === 0) return []
  const { tenantId, id, state } = ingests
  return asSweep(database, (tx) =>
    tx
      .select({ tenantId, id, state })
      .from(ingests)
      .where(inArray(id, [...ids]))
      .orderBy(asc(tenantId), asc(id)),
  )
}

/** States of runs of any tenant; ids without a run are left out. */
export async function runStates(
  database: Database,
  ids: readonly string[],
): Promise<{ tenantId: string; id: string; state: RunState }[]> {
  if (ids.length === 0) return []
  const { tenantId, id, state } = exportRuns
  return asSweep(database, (tx) =>
    tx
      .select({ tenantId, id, state })
      .from(exportRuns)
      .where(inArray(id, [...ids]))
      .orderBy(asc(tenantId), asc(id)),
  )
}

function silent(heartbeatAt: typeof exportRuns.heartbeatAt | typeof ingests.heartbeatAt, olderThanMs: number): SQL {
  return sql`${heartbeatAt} < clock_timestamp() - make_interval(secs => ${olderThanMs / 1000}::float8)`
}

/** The one place where rows of several tenants are seen: by a role that may read these columns and no others. */
export async function asSweep<T>(database: Database, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return database.transaction({ settings: `set local role ${SWEEP_ROLE}` }, work)
}

function silenceOf(heartbeatAt: AnyPgColumn): SQL<number> {
  return sql<number>`(extract(epoch from clock_timestamp() - ${heartbeatAt}) * 1000)::float8`
}
