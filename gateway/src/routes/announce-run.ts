import type { Run } from '@stella/contracts'

import type { GatewayDeps } from '../deps.ts'

/**
 * Publishes the job of a recorded run. The row is the truth: where the bus is away the run is accepted all the same, and the workers' sweep
 * publishes its job later. Its event was recorded with the row.
 */
export async function announceRun(
  { bus, log }: Pick<GatewayDeps, 'bus' | 'log'>,
  tenantId: string,
  { id: runId }: Pick<Run, 'id'>,
): Promise<void> {
  await bus
    .publishJob({ step: 'plan', message: { tenantId, runId }, dedupeId: `${runId}/plan` })
    .catch((error: unknown) =>
      log({ message: 'a run was recorded but not announced; the sweep will', run_id: runId, cause: String(error) }),
    )
}
