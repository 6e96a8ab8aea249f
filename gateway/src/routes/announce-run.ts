import { type Job, type Run, runEvent } from '@stella/contracts'

import type { GatewayDeps } from '../deps.ts'

/**
 * Publishes the event of a recorded run, then its job: the event that a run is queued comes before those of its workers. The row is the
 * truth: where the bus is away the run is accepted all the same, and the workers' sweep publishes its job later.
 */
export async function announceRun(
  { bus, now, log }: Pick<GatewayDeps, 'bus' | 'now' | 'log'>,
  tenantId: string,
  run: Pick<Run, 'id' | 'state'>,
): Promise<void> {
  try {
    const event = bus.publishEvent(runEvent({ tenantId, runId: run.id, state: run.state, time: now() }))
    const job: Job = { step: 'plan', message: { tenantId, runId: run.id }, dedupeId: `${run.id}/plan` }
    // Sent over one connection, in this order; waited for together.
    await Promise.all([event, run.state === 'queued' && bus.publishJob(job)])
  } catch (error) {
    log({ message: 'a run was recorded but not announced; the sweep will', run_id: run.id, cause: String(error) })
  }
}
