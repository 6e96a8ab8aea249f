import { Problem } from '@stella/contracts'
import type { Plan } from '@stella/core'
import { getPlan, type Transaction } from '@stella/db'

/** The plan of a run that has one. @throws `ledger/changed` */
export async function requirePlan(tx: Transaction, plan: { tenantId: string; planId: string }): Promise<Plan> {
  const found = await getPlan(tx, plan)
  if (found === null) throw new Problem('ledger/changed', `the plan ${plan.planId} is gone`)
  return found
}
