import { Problem } from '@stella/contracts'
import type { Plan } from '@stella/core'
import { and, eq } from 'drizzle-orm'
import { named, type RunId } from './export-runs.ts'
import { exportRuns, plans } from './schema.ts'
import type { Transaction } from './session.ts'

/**
 * planning → writing, with the plan that all later steps follow. The first plan stored under its id stays.
 * @returns the plan that is stored
 */
export async function recordPlan(tx: Transaction, { plan, ...run }: RunId & { plan: Plan }): Promise<Plan> {
  const { tenantId } = run
  await tx
    .insert(plans)
    .values({
      tenantId,
      id: plan.id,
      ledgerRevision: plan.scope.ledgerRevision,
      counts: plan.counts,
      estimatedBytes: plan.estimatedBytes,
      shardCount: plan.shards.length,
      plan,
    })
    .onConflictDoNothing()
  await tx
    .update(exportRuns)
    .set({ state: 'writing' })
    .where(and(named(run), eq(exportRuns.planId, plan.id), eq(exportRuns.state, 'planning')))
  const stored = await getPlan(tx, { tenantId, planId: plan.id })
  if (!stored) throw new Problem('internal', `the plan ${plan.id} vanished between insert and select`)
  return stored
}

/** A plan, or null. */
export async function getPlan(
  tx: Transaction,
  { tenantId, planId }: { tenantId: string; planId: string },
): Promise<Plan | null> {
  const [row] = await tx
    .select({ plan: plans.plan })
    .from(plans)
    .where(and(eq(plans.tenantId, tenantId), eq(plans.id, planId)))
  return row?.plan ?? null
}
