import { type Run, runEvent } from '@stella/contracts'

import type { GatewayDeps } from '../deps.ts'

/**
 * Publishes the job and the event of a recorded run. The row is the truth: where the bus is away the run is accepted all the same,
 * and the workers' sweep publishes its job later.
 */
export async function announceRun(
  { bus, now, log }: Pick<GatewayDeps, 'bus' | 'now' | 'log'>,
  tenantId: string,
  run: Pick<Run, 'id' | 'state'>,
): Promise<void> {
  try {
    if (run.state === 'queued') {
      await bus.publishJob({ step: 'plan', message: { tenantId, runId: run.id }, dedupeId: `${run.id}/plan` })
    }
    await bus.publishEvent(runEvent({ tenantId, runId: run.id, state: run.state, time: now() }))
  } catch (error) {
    log({ message: 'a run was recorded but not announced; the sweep will', run_id: run.id, cause: String(error) })
  }
}
