import { EVENT_SOURCE, type Run, runEventType } from '@stella/contracts'

import type { GatewayDeps } from '../deps.ts'

/**
 * Publishes the job and the event of a recorded run. The row is the truth: where the bus is away the run is accepted all the same,
 * and the workers' sweep publishes its job later.
 */
export async function announceRun(
  { bus, now, log }: Pick<GatewayDeps, 'bus' | 'now' | 'log'>,
  tenantId: string,
  run: Run,
): Promise<void> {
  try {
    if (run.state === 'queued') {
      await bus.publishJob({ step: 'plan', message: { tenantId, runId: run.id }, dedupeId: `${run.id}/plan` })
    }
    await bus.publishEvent({
      specversion: '1.0',
      id: `${run.id}/${run.state}`,
      source: EVENT_SOURCE,
      type: runEventType(run.state),
      subject: run.id,
      time: now().toISOString(),
      datacontenttype: 'application/json',
      data: { run_id: run.id, state: run.state, tenant_id: tenantId },
    })
  } catch (error) {
    log({ message: 'a run was recorded but not announced; the sweep will', run_id: run.id, cause: String(error) })
  }
}
