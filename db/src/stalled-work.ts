import type { Ingest, RunState } from '@stella/contracts'
import { and, asc, inArray, type SQL, sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import { SWEEP_ROLE } from './login-role.ts'
import type { Database } from './open-database.ts'
import { exportRuns, ingests } from './schema.ts'
import type { Transaction } from './session.ts'

/** Where a page of stalled work ends: its last row. */
export type StalledCursor = Pick<StalledWork, 'since' | 'tenantId' | 'id'>

/** How long work must have been silent, and how much of it to answer, the longest silent first, beginning after one of them. */
export interface StalledQuery {
  readonly olderThanMs: number
  readonly after: StalledCursor | null
  readonly limit: number
}

/** Work of any tenant that has not ended and that nobody seems to do. */
export interface StalledWork {
  readonly tenantId: string
  readonly id: string
  /** The last sign of life, as PostgreSQL writes it. */
  readonly since: string
  /** Time since then, in milliseconds. */
  readonly silentMs: number
}

/** A run that is under way and that nobody seems to work on. */
export interface StalledRun extends StalledWork {
  readonly state: RunState
}

/** Runs of all tenants that are under way and that nobody seems to work on. */
export async function stalledRuns(database: Database, query: StalledQuery): Promise<StalledRun[]> {
  const { tenantId, id, state, heartbeatAt } = exportRuns
  return asSweep(database, (tx) =>
    tx
      .select({ state, ...silenceOf(exportRuns) })
      .from(exportRuns)
      .where(and(sql`${state} in ('planning', 'writing', 'sealing', 'distributing')`, silent(exportRuns, query)))
      .orderBy(asc(heartbeatAt), asc(tenantId), asc(id))
      .limit(query.limit),
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
export async function stalledIngests(database: Database, query: StalledQuery): Promise<StalledWork[]> {
  const { tenantId, id, state, heartbeatAt } = ingests
  return asSweep(database, (tx) =>
    tx
      .select(silenceOf(ingests))
      .from(ingests)
      .where(and(sql`${state} in ('received', 'running')`, silent(ingests, query)))
      .orderBy(asc(heartbeatAt), asc(tenantId), asc(id))
      .limit(query.limit),
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

/** Columns by which silence is told. */
interface Beating {
  readonly tenantId: AnyPgColumn
  readonly id: AnyPgColumn
  readonly heartbeatAt: AnyPgColumn
}

/** Condition of rows that have been silent for so long, after the cursor. */
export function silent({ tenantId, id, heartbeatAt }: Beating, { olderThanMs, after }: StalledQuery): SQL | undefined {
  return and(
    sql`${heartbeatAt} < clock_timestamp() - make_interval(secs => ${olderThanMs / 1000}::float8)`,
    after === null
      ? undefined
      : sql`(${heartbeatAt}, ${tenantId}, ${id}) > (${after.since}::timestamptz, ${after.tenantId}, ${after.id})`,
  )
}

/** The one place where rows of several tenants are seen: by a role that may read these columns and no others. */
export async function asSweep<T>(database: Database, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return database.transaction({ settings: `set local role ${SWEEP_ROLE}` }, work)
}

/** What is selected of a row that has been silent. */
export function silenceOf<T extends Beating>({ tenantId, id, heartbeatAt }: T) {
  return {
    tenantId,
    id,
    since: sql<string>`${heartbeatAt}::text`,
    silentMs: sql<number>`(extract(epoch from clock_timestamp() - ${heartbeatAt}) * 1000)::float8`,
  }
}
