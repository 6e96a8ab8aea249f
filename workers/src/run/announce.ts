import { type RunState, runEvent } from '@stella/contracts'

import type { WorkerDeps } from '../deps.ts'

/** Publishes that a run reached a state (CloudEvents 1.0). An event that is lost is logged: the run's row is the truth. */
export async function announce(
  { bus, now, log }: Pick<WorkerDeps, 'bus' | 'now' | 'log'>,
  { tenantId, runId, state }: { tenantId: string; runId: string; state: RunState },
): Promise<void> {
  log({ message: 'run changed state', tenant_id: tenantId, run_id: runId, state })
  const event = runEvent({ tenantId, runId, state, time: now() })
  await bus
    .publishEvent(event)
    .catch((error: unknown) => log({ message: 'an event was lost', run_id: runId, state, cause: String(error) }))
}
