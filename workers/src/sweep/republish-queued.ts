import { MAX_PAGE_ROWS } from '@stella/contracts'
import { heartbeat, nextRuns, queuedParts, queuedTenants } from '@stella/db'

import { eachApart } from '../each-apart.ts'
import type { Patience } from './patience.ts'
import { republish } from './republish.ts'
import type { SweepDeps } from './sweep.ts'

/**
 * Publishes again the plan jobs of queued runs that the limits let start, and of queued parts, that have been silent: their job was lost, or the one that
 * should have called them when a place became free. Runs that wait for a place are left alone. A tenant for which that fails is logged; a
 * later look tries again.
 * @returns the tenant to go on after, or the empty text where all were looked at
 */
export async function republishQueued(deps: SweepDeps, patience: Patience, after: string): Promise<string> {
  const tenants = await queuedTenants(deps.database, { after, limit: MAX_PAGE_ROWS })
  await eachApart(deps.log, {
    items: tenants,
    work: (tenantId) => republishQueuedOf(deps, tenantId, patience),
    failed: (tenantId) => ({
      message: 'queued runs cannot be published again; a later sweep tries again',
      tenant_id: tenantId,
    }),
  })
  return tenants.length < MAX_PAGE_ROWS ? '' : (tenants.at(-1) ?? '')
}

async function republishQueuedOf(deps: SweepDeps, tenantId: string, patience: Patience): Promise<void> {
  const next = await deps.inTenant(tenantId, async (tx) => [
    ...(await nextRuns(tx, { tenantId, limits: deps.runLimits })),
    ...(await queuedParts(tx, { tenantId, limit: MAX_PAGE_ROWS })),
  ])
  for (const { runId, silentMs } of next) {
    if (silentMs < patience.plan) continue
    await deps.inTenant(tenantId, (tx) => heartbeat(tx, { tenantId, runId }))
    await republish(deps, { step: 'plan', message: { tenantId, runId }, dedupeId: `${runId}/plan` })
  }
}
