import { type Job, type JobStep, MAX_PAGE_ROWS, SCRATCH_MAX_AGE_MS, SWEEP_MS } from '@stella/contracts'
import { getPlan, openRun, shardWritten, stalledIngests, stalledRuns } from '@stella/db'

import type { WorkerDeps } from '../deps.ts'
import { jobsOfPlan } from '../plan/plan-step.ts'
import { removeLeftovers } from './remove-leftovers.ts'

/** What the sweep uses. */
export type SweepDeps = Pick<WorkerDeps, 'database' | 'inTenant' | 'blobs' | 'bus' | 'now' | 'log'>

/**
 * Repairs what a crash between two steps left: publishes again the jobs of runs and batches that nobody works on, and removes
 * the staging of runs that have ended. Any number of workers may sweep at once; every step runs twice safely.
 * @param after - what the sweep before returned: staging is looked at page by page
 */
export async function sweep(deps: SweepDeps, after: string | null): Promise<string | null> {
  for (const { tenantId, ingestId } of await stalledIngests(deps.database, {
    olderThanMs: SWEEP_MS,
    limit: MAX_PAGE_ROWS,
  })) {
    await republish(deps, { step: 'ingest', message: { tenantId, ingestId }, dedupeId: `${ingestId}/ingest` })
  }
  for (const { tenantId, runId } of await stalledRuns(deps.database, { olderThanMs: SWEEP_MS, limit: MAX_PAGE_ROWS })) {
    for (const job of await jobsOfRun(deps, tenantId, runId)) await republish(deps, job)
  }
  await deps.blobs.sweepScratch(SCRATCH_MAX_AGE_MS)
  return removeLeftovers(deps, after)
}

/** Publishes a job again where none of its step is waiting or worked on: only then can the first one have been lost. */
async function republish({ bus, now, log }: SweepDeps, job: Job): Promise<void> {
  if (!(await idle(bus, job.step))) return
  log({ message: 'publishing a lost job again', step: job.step, dedupe_id: job.dedupeId })
  await bus.publishJob({ ...job, dedupeId: `${job.dedupeId}/sweep/${Math.floor(now().getTime() / SWEEP_MS)}` })
}

async function idle(bus: SweepDeps['bus'], step: JobStep): Promise<boolean> {
  const { pending, inFlight } = await bus.pending(step)
  return pending === 0 && inFlight === 0
}

async function jobsOfRun({ inTenant }: SweepDeps, tenantId: string, runId: string): Promise<Job[]> {
  return inTenant(tenantId, async (tx) => {
    const run = await openRun(tx, { tenantId, runId })
    if (run === null) return []
    const plan = await getPlan(tx, { tenantId, planId: run.planId })
    if (plan === null || run.state === 'queued' || run.state === 'planning') {
      return [{ step: 'plan', message: { tenantId, runId }, dedupeId: `${runId}/plan` }]
    }
    const jobs: Job[] = []
    for (const job of jobsOfPlan(plan, tenantId, runId)) {
      const written = job.step === 'write' && (await shardWritten(tx, job.message))
      if (!written) jobs.push(job)
    }
    return jobs.length > 0 ? jobs : [{ step: 'seal', message: { tenantId, runId }, dedupeId: `${runId}/seal` }]
  })
}
