import { type Job, type JobMessage, Problem } from '@stella/contracts'
import type { Plan } from '@stella/core'
import { admitRun, getPlan, heartbeat, openRun, partId, recordPlan, requestParts, type Transaction } from '@stella/db'

import type { WorkerDeps } from '../deps.ts'
import { makeDeltaPlan } from './make-delta-plan.ts'
import { makePlan } from './make-plan.ts'
import { requirePlan } from './require-plan.ts'

type PlanDeps = Pick<WorkerDeps, 'inTenant' | 'evidence' | 'blobs' | 'mappings' | 'runLimits'>

/**
 * plan: reads what the filters take of the ledger, and writes the plan row. A reproduction takes over the plan of the run that it
 * reproduces. Where the plan is of parts, the transaction that writes it records their runs.
 * A run over the limits stays queued: it is published again when another of its tenant ends.
 * Runs twice safely: a run that has a plan keeps it.
 * @throws `plan/too-large` · `db/unavailable` · what the evidence throws
 */
export async function planStep(deps: PlanDeps, { tenantId, runId }: JobMessage<'plan'>): Promise<Job[]> {
  const admission = await deps.inTenant(tenantId, (tx) => admitRun(tx, { tenantId, runId, limits: deps.runLimits }))
  if (admission !== 'planning') return []

  const { run, found, whole, base } = await deps.inTenant(tenantId, (tx) => openPlanning(tx, { tenantId, runId }))
  const made = found ?? (base ? await makeDeltaPlan(deps, run, base) : await makePlan(deps.evidence, run, whole))
  const plan = await deps.inTenant(tenantId, async (tx): Promise<Plan | null> => {
    const recorded = await recordPlan(tx, { tenantId, runId, plan: made })
    const state = await heartbeat(tx, { tenantId, runId })
    if (state !== 'writing') return null
    if (recorded.parts) await requestParts(tx, { run, parts: recorded.parts })
    return recorded
  })
  if (plan === null) return [] // It was cancelled meanwhile.
  return jobsOfPlan(plan, tenantId, runId)
}

/** A run, its plan where it has one, the run that it is a delta for, and the plan of the run that it is a part of. */
async function openPlanning(tx: Transaction, { tenantId, runId }: JobMessage<'plan'>) {
  const run = await openRun(tx, { tenantId, runId })
  if (run === null) throw new Problem('ledger/changed', `run ${runId} is gone`)
  const { planId, partOf, baseRun } = run
  const whole = partOf === null ? null : await openRun(tx, { tenantId, runId: partOf })
  return {
    run,
    found: await getPlan(tx, { tenantId, planId }),
    base: baseRun === null ? null : await openRun(tx, { tenantId, runId: baseRun }),
    whole: whole && (await requirePlan(tx, { tenantId, planId: whole.planId })),
  }
}

/** The jobs that follow a plan: one a part, or one a shard, or sealing at once where there is nothing to write. */
export function jobsOfPlan({ shards, parts }: Plan, tenantId: string, runId: string): Job[] {
  if (parts) {
    return parts.map((_, index) => {
      const part = partId(runId, index + 1)
      return { step: 'plan', message: { tenantId, runId: part }, dedupeId: `${part}/plan` }
    })
  }
  if (shards.length === 0) return [{ step: 'seal', message: { tenantId, runId }, dedupeId: `${runId}/seal` }]
  return shards.map((_, shard) => ({
    step: 'write',
    message: { tenantId, runId, shard },
    dedupeId: `${runId}/write/${shard}`,
  }))
}
