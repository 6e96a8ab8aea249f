import { nextRuns } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'

/** Publishes the jobs of the queued runs that may start since a run of their tenant was cancelled. Where this is lost the sweep does it. */
export async function startNext(
  { readTenant, bus, runLimits, log }: Pick<GatewayDeps, 'readTenant' | 'bus' | 'runLimits' | 'log'>,
  { tenantId, runId: ended }: { tenantId: string; runId: string },
): Promise<void> {
  try {
    for (const { runId } of await readTenant(tenantId, (tx) => nextRuns(tx, { tenantId, limits: runLimits }))) {
      await bus.publishJob({ step: 'plan', message: { tenantId, runId }, dedupeId: `${runId}/plan/after/${ended}` })
    }
  } catch (error) {
    log({ message: 'the next runs were not started; the sweep will', tenant_id: tenantId, cause: String(error) })
  }
}
