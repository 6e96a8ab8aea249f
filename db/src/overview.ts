import {
  MAX_OVERVIEW_COUNT,
  MAX_OVERVIEW_RUNS,
  MAX_OVERVIEW_SOURCES,
  type Overview,
  type OverviewPeriod,
  runStates,
} from '@stella/contracts'
import { sql } from 'drizzle-orm'
import { instantOf } from './instant.ts'
import { ledgerHead } from './ledger-head.ts'
import { UNKNOWN_SOURCE } from './scope-sources.ts'
import type { Transaction } from './session.ts'

const DAY_HOURS = 24

/** A tenant in numbers: each is read by an index, and of a bounded number of rows. */
export async function readOverview(tx: Transaction, { tenantId }: { tenantId: string }): Promise<Overview> {
  const { revision } = await ledgerHead(tx, { tenantId })
  return {
    runs: await runsByState(tx, tenantId),
    last_24h: await periodOf(tx, tenantId, DAY_HOURS),
    last_7d: await periodOf(tx, tenantId, 7 * DAY_HOURS),
    queue: await queueOf(tx, tenantId),
    ledger: { revision, documents: await documentsOf(tx, tenantId) },
    sources: await newestOfSources(tx, tenantId),
  }
}

async function runsByState(tx: Transaction, tenantId: string): Promise<Overview['runs']> {
  const states = sql.join(
    runStates.map((state) => sql`(${state})`),
    sql`, `,
  )
  const rows = await tx.execute<{ state: keyof Overview['runs']; runs: number }>(sql`
    select named.state, (select count(*)::int from (
      select from export_runs r where r.tenant_id = ${tenantId} and r.state = named.state and r.part_of is null
      limit ${MAX_OVERVIEW_COUNT}) counted) as runs
    from (values ${states}) as named (state)`)
  return Object.fromEntries(rows.map(({ state, runs }) => [state, runs])) as Overview['runs']
}

interface PeriodRow extends Record<string, unknown> {
  readonly succeeded: number
  readonly failed: number
  readonly cancelled: number
  readonly records: number
  readonly bytes: number
  readonly quantiles: readonly [number, number, number] | null
  readonly failures: Readonly<Record<string, number>>
  readonly ended: number
}

async function periodOf(tx: Transaction, tenantId: string, hours: number): Promise<OverviewPeriod> {
  const [row] = await tx.execute<PeriodRow>(sql`
    with ended as materialized (
      select r.state, r.error_class, (r.sealed -> 'bundle' ->> 'size')::float8 as bytes, r.plan_id,
        (extract(epoch from r.finished_at - r.started_at) * 1000)::float8 as duration
      from export_runs r
      where r.tenant_id = ${tenantId} and r.part_of is null and r.finished_at > now() - make_interval(hours => ${hours}::int)
        and r.state in ('succeeded', 'expired', 'failed', 'cancelled')
      order by r.finished_at desc, r.id desc limit ${MAX_OVERVIEW_RUNS + 1}
    ), good as (select * from ended where state in ('succeeded', 'expired'))
    select
      (select count(*) from ended)::int as ended,
      (select count(*) from good)::int as succeeded,
      (select count(*) from ended where state = 'failed')::int as failed,
      (select count(*) from ended where state = 'cancelled')::int as cancelled,
      (select coalesce(sum(bytes), 0) from good)::float8 as bytes,
      (select coalesce(sum(given.records), 0) from good
        join plans p on p.tenant_id = ${tenantId} and p.id = good.plan_id
        cross join lateral (select sum(c.value::float8) as records from json_each_text(p.counts) c) given)::float8 as records,
      (select json_build_array(percentile_disc(0.5) within group (order by duration),
        percentile_disc(0.9) within group (order by duration), percentile_disc(0.99) within group (order by duration))
        from good having count(*) > 0) as quantiles,
      (select coalesce(json_object_agg(f.error_class, f.runs order by f.error_class), '{}') from (
        select error_class, count(*)::int as runs from ended where state = 'failed' group by error_class) f) as failures`)
  if (!row) throw new RangeError('a query of aggregates gives one row')
  const { ended, quantiles, succeeded, failed, cancelled, records, bytes, failures } = row
  const [p50, p90, p99] = quantiles ?? []
  return {
    succeeded,
    failed,
    cancelled,
    failures,
    records,
    bytes,
    duration_ms: p50 === undefined || p90 === undefined || p99 === undefined ? null : { p50, p90, p99 },
    truncated: ended > MAX_OVERVIEW_RUNS,
  }
}

async function queueOf(tx: Transaction, tenantId: string): Promise<Overview['queue']> {
  const [row] = await tx.execute<{ waiting: number; oldest: string | null }>(sql`
    select count(*)::int as waiting, min(created_at)::text as oldest from (
      select created_at from export_runs where tenant_id = ${tenantId} and state = 'queued' and part_of is null
      order by created_at, id limit ${MAX_OVERVIEW_COUNT}) queued`)
  return { waiting: row?.waiting ?? 0, oldest: row?.oldest ? instantOf(row.oldest) : null }
}

async function documentsOf(tx: Transaction, tenantId: string): Promise<number> {
  const [row] = await tx.execute<{ documents: number }>(sql`
    select coalesce(sum(new_documents + changed_documents), 0)::float8 as documents
    from ledger_revisions where tenant_id = ${tenantId}`)
  return row?.documents ?? 0
}

/** From source to source by the index, so that the number of batches does not matter. */
async function newestOfSources(tx: Transaction, tenantId: string): Promise<Overview['sources']> {
  const completed = sql`i.tenant_id = ${tenantId} and i.state = 'completed'`
  const rows = await tx.execute<{ source: string; ingested: string }>(sql`
    with recursive named as (
      (select i.source_uri, 1 as place from ingests i where ${completed} and i.source_uri is not null order by i.source_uri limit 1)
      union all
      select (select i.source_uri from ingests i where ${completed} and i.source_uri > named.source_uri
        order by i.source_uri limit 1), place + 1
      from named where named.source_uri is not null and place < ${MAX_OVERVIEW_SOURCES - 1}
    ), sources as (
      select source_uri from named where source_uri is not null
    )
    select source, ingested from (
    select source_uri as source, (select max(i.finished_at) from ingests i
      where ${completed} and i.source_uri = sources.source_uri)::text as ingested from sources
    union all
    select ${UNKNOWN_SOURCE}, max(i.finished_at)::text from ingests i
      where ${completed} and i.source_uri is null having count(*) > 0
    ) newest order by source collate "C"`)
  return rows.map(({ source, ingested }) => ({ source, ingested_at: instantOf(ingested) }))
}
