import type { Job, JobStep } from '@stella/contracts'
import {
  awaitsParts,
  beginVerification,
  getPlan,
  heartbeat,
  heartbeatIngest,
  openRun,
  type StalledCursor,
  type StalledRun,
  type StalledWork,
  stalledIngests,
  stalledRuns,
  stalledVerifications,
  writtenShards,
} from '@stella/db'

import { jobsOfPlan } from '../plan/plan-step.ts'
import type { Patience } from './patience.ts'
import { republish } from './republish.ts'
import { republishStalled } from './republish-stalled.ts'
import type { SweepDeps } from './sweep.ts'

/** Stalled work is looked at page by page: of each kind what to go on after, or null to begin with the longest silent. */
export interface LostAfter {
  readonly ingests: StalledCursor | null
  readonly verifications: StalledCursor | null
  readonly runs: StalledCursor | null
}

/** Steps whose jobs may come next for a run that has a plan. */
const laterSteps: readonly JobStep[] = ['write', 'seal']

/**
 * Publishes again the jobs of runs that are under way, of batches and of verifications, that have been silent for longer than the patience with
 * their step. The sign of life that publishing is comes first: what cannot be marked would be published at every look.
 */
export async function republishLost(deps: SweepDeps, patience: Patience, after: LostAfter): Promise<LostAfter> {
  const batches = { find: stalledIngests, republish: (batch: StalledWork) => republishIngest(deps, batch, patience) }
  const verdicts = {
    find: stalledVerifications,
    republish: (verification: StalledWork) => republishVerification(deps, verification, patience),
  }
  const runs = { find: stalledRuns, republish: (run: StalledRun) => republishRun(deps, run, patience) }
  return {
    ingests: await republishStalled(deps, batches, after.ingests),
    verifications: await republishStalled(deps, verdicts, after.verifications),
    runs: await republishStalled(deps, runs, after.runs),
  }
}

async function republishIngest(
  deps: SweepDeps,
  { tenantId, id, silentMs }: StalledWork,
  patience: Patience,
): Promise<void> {
  if (silentMs < patience.ingest) return
  await deps.inTenant(tenantId, (tx) => heartbeatIngest(tx, { tenantId, id }))
  await republish(deps, { step: 'ingest', message: { tenantId, ingestId: id }, dedupeId: `${id}/ingest` })
}

async function republishVerification(
  deps: SweepDeps,
  { tenantId, id, silentMs }: StalledWork,
  patience: Patience,
): Promise<void> {
  if (silentMs < patience.verify) return
  await deps.inTenant(tenantId, (tx) => beginVerification(tx, { tenantId, id }))
  await republish(deps, { step: 'verify', message: { tenantId, verificationId: id }, dedupeId: `${id}/verify` })
}

async function republishRun(
  deps: SweepDeps,
  { tenantId, id: runId, state, silentMs }: StalledRun,
  patience: Patience,
): Promise<void> {
  const isLost = (step: JobStep) => silentMs >= patience[step]
  const steps: readonly JobStep[] = state === 'planning' ? ['plan'] : laterSteps
  if (!steps.some(isLost)) return
  const next = await jobsOfRun(deps, tenantId, runId)
  const lost = next.filter(({ step }) => isLost(step))
  // A run that waits for its parts has no job of its own: it is alive as long as they are looked after.
  if (lost.length > 0 || next.length === 0) await deps.inTenant(tenantId, (tx) => heartbeat(tx, { tenantId, runId }))
  for (const job of lost) await republish(deps, job)
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
