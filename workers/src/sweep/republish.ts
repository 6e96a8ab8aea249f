import { type Job, type JobStep, jobs, SWEEP_MS } from '@stella/contracts'

import type { SweepDeps } from './sweep.ts'

/** Publishes a job again that seems lost; once in `SWEEP_MS`, however many workers sweep. */
export async function republish({ bus, now, log }: Pick<SweepDeps, 'bus' | 'now' | 'log'>, job: Job): Promise<void> {
  log({ message: 'publishing a lost job again', step: job.step, dedupe_id: job.dedupeId })
  await bus.publishJob({ ...job, dedupeId: `${job.dedupeId}/sweep/${Math.floor(now().getTime() / SWEEP_MS)}` })
}

/** Steps of which no job is waiting or worked on. */
export async function idleSteps({ bus }: Pick<SweepDeps, 'bus'>): Promise<ReadonlySet<JobStep>> {
  const idle = new Set<JobStep>()
  for (const step of Object.keys(jobs) as JobStep[]) {
    const { pending, inFlight } = await bus.pending(step)
    if (pending === 0 && inFlight === 0) idle.add(step)
  }
  return idle
}
