import { finalRunStates, type Retention, type RunState } from '@stella/contracts'
import { and, eq, inArray, notInArray, sql } from 'drizzle-orm'
import { expiryOf } from './expiry.ts'
import { named, type RunId } from './export-runs.ts'
import { exportRuns, plans, runShards } from './schema.ts'
import type { Sealed } from './sealed.ts'
import type { Transaction } from './session.ts'

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

/** The mirror of a profile that succeeded last, as the manifest of the next one names it. Only a run of a whole mirror has one. */
const previousMirror = sql`(select json_build_object('id', before.id, 'content_root', before.sealed ->> 'contentRoot')
    from ${exportRuns} before
    where before.tenant_id = ${exportRuns.tenantId} and before.profile_id = ${exportRuns.profileId}
      and before.state in ('succeeded', 'expired') and before.part_of is null and before.reproduces is null
      and ${exportRuns.profile} ->> 'kind' = 'mirror' and ${exportRuns.profile} ->> 'variant' = 'full' and ${exportRuns.partOf} is null
    order by before.finished_at desc, before.id desc limit 1)`

/**
 * writing → sealing, where every shard of the plan was recorded and every part of the run sealed. True where the run is being sealed, by this call or an earlier one;
 * sets `finishedAt` and `previous` once.
 */
export async function beginSealing(tx: Transaction, run: RunId): Promise<boolean> {
  const complete = sql`(select count(*) from ${runShards}
      where ${runShards.tenantId} = ${exportRuns.tenantId} and ${runShards.runId} = ${exportRuns.id})
    = (select ${plans.shardCount} from ${plans}
      where ${plans.tenantId} = ${exportRuns.tenantId} and ${plans.id} = ${exportRuns.planId})
    and not exists (select from ${exportRuns} part
      where part.tenant_id = ${exportRuns.tenantId} and part.part_of = ${exportRuns.id} and part.state not in ('succeeded', 'expired'))`
  const begun = await tx
    .update(exportRuns)
    .set({
      state: 'sealing',
      finishedAt: sql`coalesce(${exportRuns.finishedAt}, ${now})`,
      previous: sql`case when ${exportRuns.finishedAt} is null then ${previousMirror} else ${exportRuns.previous} end`,
      heartbeatAt: now,
    })
    .where(and(named(run), inArray(exportRuns.state, ['writing', 'sealing']), complete))
    .returning({ id: exportRuns.id })
  return begun.length > 0
}

/**
 * sealing → succeeded: the one update that makes a bundle visible, and says until when. True where the run has succeeded with this very bundle, by this call
 * or an earlier one; false where it ended otherwise, and the bundle given is nobody's.
 */
export async function sealRun(
  tx: Transaction,
  { sealed, retention, ...run }: RunId & { sealed: Sealed; retention: Retention },
): Promise<boolean> {
  const done = await tx
    .update(exportRuns)
    .set({ state: 'succeeded', sealed, ...expiryOf(retention), heartbeatAt: now })
    .where(and(named(run), eq(exportRuns.state, 'sealing')))
    .returning({ id: exportRuns.id })
  if (done.length > 0) return true
  const [ended] = await tx.select({ sealed: exportRuns.sealed }).from(exportRuns).where(named(run))
  return ended?.sealed?.bundle.sha256 === sealed.bundle.sha256
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
