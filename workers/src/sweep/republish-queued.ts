import { type JobStep, LOST_JOB_MS, MAX_PAGE_ROWS, SWEEP_MS } from '@stella/contracts'
import { heartbeat, nextRuns, queuedParts, queuedTenants } from '@stella/db'

import { republish } from './republish.ts'
import type { SweepDeps } from './sweep.ts'

/**
 * Publishes again the plan jobs of queued runs that the limits let start, and of queued parts, that have been silent: their job was lost, or the one that
 * should have called them when a place became free. Runs that wait for a place are left alone.
 * @returns the tenant to go on after, or the empty text where all were looked at
 */
export async function republishQueued(
  deps: SweepDeps,
  { idle, after }: { readonly idle: ReadonlySet<JobStep>; readonly after: string },
): Promise<string> {
  const tenants = await queuedTenants(deps.database, { after, limit: MAX_PAGE_ROWS })
  for (const tenantId of tenants) {
    const next = await deps.inTenant(tenantId, async (tx) => [
      ...(await nextRuns(tx, { tenantId, limits: deps.runLimits })),
      ...(await queuedParts(tx, { tenantId, limit: MAX_PAGE_ROWS })),
    ])
    for (const { runId, silentMs } of next) {
      if (silentMs < SWEEP_MS || (!idle.has('plan') && silentMs < LOST_JOB_MS)) continue
      await republish(deps, { step: 'plan', message: { tenantId, runId }, dedupeId: `${runId}/plan` })
      await deps.inTenant(tenantId, (tx) => heartbeat(tx, { tenantId, runId }))
    }
  }
  return tenants.length < MAX_PAGE_ROWS ? '' : (tenants.at(-1) ?? '')
}
