import { type Job, SWEEP_MS } from '@stella/contracts'

import type { SweepDeps } from './sweep.ts'

/** Publishes a job again that seems lost; once in `SWEEP_MS`, however many workers sweep. */
export async function republish({ bus, now, log }: Pick<SweepDeps, 'bus' | 'now' | 'log'>, job: Job): Promise<void> {
  log({ message: 'publishing a lost job again', step: job.step, dedupe_id: job.dedupeId })
  await bus.publishJob({ ...job, dedupeId: `${job.dedupeId}/sweep/${Math.floor(now().getTime() / SWEEP_MS)}` })
}
