import { type Job, type JobStep, LOST_JOB_MS, MAX_PAGE_ROWS, SWEEP_MS } from '@stella/contracts'
import {
  awaitsParts,
  beginVerification,
  getPlan,
  heartbeat,
  heartbeatIngest,
  openRun,
  type StalledRun,
  stalledIngests,
  stalledRuns,
  stalledVerifications,
  writtenShards,
} from '@stella/db'

import { jobsOfPlan } from '../plan/plan-step.ts'
import { republish } from './republish.ts'
import type { SweepDeps } from './sweep.ts'

/** Steps whose jobs may come next for a run that has a plan. */
const laterSteps: readonly JobStep[] = ['write', 'seal']

/**
 * Publishes again the jobs of runs that are under way, and of batches, that nobody works on. A job counts as lost where none of its step is waiting or worked
 * on, or where its run has been silent for `LOST_JOB_MS`; being published counts as a sign of life, so doubles stay few.
 */
export async function republishLost(deps: SweepDeps, idle: ReadonlySet<JobStep>): Promise<void> {
  const query = { olderThanMs: SWEEP_MS, limit: MAX_PAGE_ROWS }
  for (const { tenantId, ingestId, silentMs } of await stalledIngests(deps.database, query)) {
    if (!idle.has('ingest') && silentMs < LOST_JOB_MS) continue
    await republish(deps, { step: 'ingest', message: { tenantId, ingestId }, dedupeId: `${ingestId}/ingest` })
    await deps.inTenant(tenantId, (tx) => heartbeatIngest(tx, { tenantId, id: ingestId }))
  }
  for (const { tenantId, id, silentMs } of await stalledVerifications(deps.database, query)) {
    if (!idle.has('verify') && silentMs < LOST_JOB_MS) continue
    await republish(deps, { step: 'verify', message: { tenantId, verificationId: id }, dedupeId: `${id}/verify` })
    await deps.inTenant(tenantId, (tx) => beginVerification(tx, { tenantId, id }))
  }
  for (const run of await stalledRuns(deps.database, query)) {
    if (run.silentMs >= LOST_JOB_MS || stepsOf(run).some((step) => idle.has(step))) await republishRun(deps, run, idle)
  }
}

async function republishRun(
  deps: SweepDeps,
  { tenantId, runId, silentMs }: StalledRun,
  idle: ReadonlySet<JobStep>,
): Promise<void> {
  const next = await jobsOfRun(deps, tenantId, runId)
  const lost = next.filter(({ step }) => silentMs >= LOST_JOB_MS || idle.has(step))
  for (const job of lost) await republish(deps, job)
  // A run that waits for its parts has no job of its own: it is alive as long as they are looked after.
  if (lost.length > 0 || next.length === 0) await deps.inTenant(tenantId, (tx) => heartbeat(tx, { tenantId, runId }))
}

function stepsOf({ state }: StalledRun): readonly JobStep[] {
  return state === 'planning' ? ['plan'] : laterSteps
}

async function jobsOfRun({ inTenant }: SweepDeps, tenantId: string, runId: string): Promise<Job[]> {
  return inTenant(tenantId, async (tx) => {
    const run = await openRun(tx, { tenantId, runId })
    if (run === null) return []
    const plan = await getPlan(tx, { tenantId, planId: run.planId })
    if (plan === null || run.state === 'queued' || run.state === 'planning') {
      return [{ step: 'plan', message: { tenantId, runId }, dedupeId: `${runId}/plan` }]
    }
    if (plan.parts && (await awaitsParts(tx, { tenantId, runId }))) return []
    const written = new Set(await writtenShards(tx, { tenantId, runId }))
    const left = jobsOfPlan(plan, tenantId, runId).filter(
      (job) => job.step === 'write' && !written.has(job.message.shard),
    )
    return left.length > 0 ? left : [{ step: 'seal', message: { tenantId, runId }, dedupeId: `${runId}/seal` }]
  })
}
