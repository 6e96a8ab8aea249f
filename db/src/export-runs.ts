import { type Filters, indexPaths, isFinal, Problem, type Profile, type Run, type RunState } from '@stella/contracts'
import { and, desc, eq, getTableColumns, gte, type InferSelectModel, isNull, lt, sql } from 'drizzle-orm'
import { type Page, pageOfRows } from './page-cursor.ts'
import { preparedQuery } from './prepared-query.ts'
import { exportRuns, plans, runShards } from './schema.ts'
import type { Transaction } from './session.ts'
import { olderThan, timeKey } from './time-cursor.ts'

/** A run as its workers see it. `finishedAt` is set when sealing begins: it is part of the manifest. */
export type OpenRun = InferSelectModel<typeof exportRuns>

/** A run to make. `planId` names the plan that it will make, or, where it rebuilds a run, that run's. */
export interface RequestedRun {
  readonly tenantId: string
  readonly id: string
  readonly profile: Profile
  readonly filters: Filters
  readonly trigger: Run['trigger']
  readonly reproduces: string | null
  /** Of a delta: the run that it is for. */
  readonly baseRun?: string | null
  readonly planId: string
  readonly createdBy: string
}

/** One run of one tenant. */
export interface RunId {
  readonly tenantId: string
  readonly runId: string
}

/** Which runs to list; `from` is inclusive and `to` exclusive, over the time of creation. */
export interface RunQuery {
  readonly tenantId: string
  readonly state?: RunState | undefined
  readonly profileId?: string | undefined
  /** Parts of this run; without it, runs that are no parts. */
  readonly partOf?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

/**
 * Records a run that is to be made, in the state `queued`.
 * @throws `resource/conflict` where the tenant has a run of that id
 */
export async function requestRun(tx: Transaction, run: RequestedRun): Promise<Run> {
  const [made] = await requestRuns(tx, [run])
  // Only a run that rebuilds another one has a plan from the start.
  const rebuilt = run.reproduces === null ? null : await getRun(tx, { tenantId: run.tenantId, runId: run.id })
  return (rebuilt ?? made) as Run
}

/**
 * Records runs that have no plan yet, in the state `queued`, with one statement; answers them in the order of `runs`.
 * @throws `resource/conflict` where the tenant has a run of one of the ids
 */
export async function requestRuns(tx: Transaction, runs: readonly RequestedRun[]): Promise<Run[]> {
  const rows = runs.map((run) => ({ ...run, profileId: run.profile.id, profileRevision: run.profile.revision }))
  const made = new Map<string, Run>()
  for (const run of await newRuns(tx).execute({ runs: JSON.stringify(rows) })) {
    made.set(run.id, runOf({ run, plan: null, shardsWritten: 0, parts: null }))
  }
  return runs.map(({ id }) => {
    const run = made.get(id)
    if (!run) throw new Problem('resource/conflict', `the run ${id} exists`)
    return run
  })
}

const newRuns = preparedQuery((tx) => {
  const given = sql`json_to_recordset(${sql.placeholder('runs')}::json) as given ("tenantId" text, id text, "profileId" text,
    "profileRevision" integer, profile json, filters json, trigger text, reproduces text, "baseRun" text, "planId" text, "createdBy" text)`
  const inserted = tx.$with('inserted', getTableColumns(exportRuns)).as(sql`
    insert into ${exportRuns}
      (tenant_id, id, profile_id, profile_revision, profile, filters, trigger, reproduces, base_run, plan_id, created_by)
    select "tenantId", id, "profileId", "profileRevision", profile, filters, trigger, reproduces, "baseRun", "planId", "createdBy" from ${given}
    on conflict do nothing returning *`)
  return tx.with(inserted).select().from(inserted).prepare('new_runs')
})

/** A run as the API returns it, or null. */
export async function getRun(tx: Transaction, { tenantId, runId }: RunId): Promise<Run | null> {
  const [run] = await getRuns(tx, tenantId, [runId])
  return run ?? null
}

/** Those of a tenant's runs with these ids that there are, as the API returns them, in no order. */
export async function getRuns(tx: Transaction, tenantId: string, ids: readonly string[]): Promise<Run[]> {
  const rows = await runsById(tx).execute({ tenantId, ids: JSON.stringify(ids) })
  return rows.map(runOf)
}

const runsById = preparedQuery((tx) => {
  const given = sql.placeholder
  // Arrays need the ids of their types, which the driver would have to ask for at each connection.
  const named = sql`${exportRuns.id} in (select json_array_elements_text(${given('ids')}::json))`
  return shownRuns(tx)
    .where(and(eq(exportRuns.tenantId, given('tenantId')), named))
    .prepare('runs_by_id')
})

/** A run as its workers need it, or null. */
export async function openRun(tx: Transaction, run: RunId): Promise<OpenRun | null> {
  const [row] = await tx.select().from(exportRuns).where(named(run))
  return row ?? null
}

/**
 * A page of runs, the newest first.
 * @throws `request/invalid` for a cursor that cannot be read
 */
export async function listRuns(tx: Transaction, query: RunQuery): Promise<Page<Run>> {
  const { tenantId, state, profileId, partOf, from, to, limit, cursor } = query
  const rows = await shownRuns(tx)
    .where(
      and(
        eq(exportRuns.tenantId, tenantId),
        state === undefined ? undefined : eq(exportRuns.state, state),
        profileId === undefined ? undefined : eq(exportRuns.profileId, profileId),
        partOf === undefined ? isNull(exportRuns.partOf) : eq(exportRuns.partOf, partOf),
        from === undefined ? undefined : gte(exportRuns.createdAt, from),
        to === undefined ? undefined : lt(exportRuns.createdAt, to),
        cursor === undefined ? undefined : olderThan('runs', cursor, exportRuns),
      ),
    )
    .orderBy(desc(exportRuns.createdAt), desc(exportRuns.id))
    .limit(limit + 1)
  return pageOfRows(rows, { list: 'runs', limit, keyOf: ({ run }) => timeKey(run), itemOf: runOf })
}

/** Condition that names one run. */
export function named({ tenantId, runId }: RunId) {
  return and(eq(exportRuns.tenantId, tenantId), eq(exportRuns.id, runId))
}

function shownRuns(tx: Transaction) {
  const { plan: _plan, ...plan } = getTableColumns(plans)
  const written = sql`(select count(*) from ${runShards}
    where ${runShards.tenantId} = ${exportRuns.tenantId} and ${runShards.runId} = ${exportRuns.id})`
  const parts = sql<string[] | null>`(select json_agg(part.id order by part.part) from ${exportRuns} part
    where part.tenant_id = ${exportRuns.tenantId} and part.part_of = ${exportRuns.id})`
  return tx
    .select({ run: getTableColumns(exportRuns), plan, shardsWritten: written.mapWith(Number), parts })
    .from(exportRuns)
    .leftJoin(plans, and(eq(plans.tenantId, exportRuns.tenantId), eq(plans.id, exportRuns.planId)))
    .$dynamic()
}

type ShownRun = Awaited<ReturnType<typeof shownRuns>>[number]

function runOf({ run, plan, shardsWritten, parts }: ShownRun): Run {
  const bundle = run.state === 'succeeded' ? run.sealed?.bundle : undefined
  const index = run.sealed?.documents[indexPaths.index]
  return {
    id: run.id,
    profile_id: run.profileId,
    profile_revision: run.profileRevision,
    state: run.state,
    trigger: run.trigger,
    reproduces: run.reproduces,
    base_export_id: run.baseRun,
    part_of: run.partOf,
    part: run.part,
    parts,
    filters: run.filters,
    ledger_revision: plan?.ledgerRevision ?? null,
    counts: plan?.counts ?? null,
    estimated_bytes: plan?.estimatedBytes ?? null,
    shards: plan ? { planned: plan.shardCount, written: shardsWritten } : null,
    error_class: run.errorClass,
    error_message: run.errorMessage,
    content_root: run.sealed?.contentRoot ?? null,
    bundle: bundle ? { size: bundle.size, sha256: bundle.sha256 } : null,
    index: index ? { size: index.size, sha256: index.sha256 } : null,
    expires_at: run.expiresAt,
    documents_expire_at: run.documentsExpireAt,
    created_by: run.createdBy,
    created_at: run.createdAt,
    started_at: run.startedAt,
    finished_at: isFinal(run.state) ? run.finishedAt : null,
  }
}
