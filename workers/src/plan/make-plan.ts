import type { Plan } from '@stella/core'
import { type OpenRun, openRun, planScope, type Transaction } from '@stella/db'

import { requirePlan } from './require-plan.ts'

/**
 * The plan of a run: what its filters take of the ledger at its newest revision; for a part, at the revision of the run that it is a
 * part of, and never in parts again.
 * @throws `plan/too-large`
 */
export async function makePlan(tx: Transaction, run: OpenRun): Promise<Plan> {
  const { tenantId, profile, filters, planId, partOf } = run
  if (partOf === null) {
    return { id: planId, profile, ...(await planScope(tx, { tenantId, filters, sharding: profile.config.sharding })) }
  }
  const whole = await openRun(tx, { tenantId, runId: partOf })
  const { scope, ledgerTime } = await requirePlan(tx, { tenantId, planId: whole?.planId ?? '' })
  const at = { revision: scope.ledgerRevision, time: ledgerTime }
  return { id: planId, profile, ...(await planScope(tx, { tenantId, filters, at })) }
}
