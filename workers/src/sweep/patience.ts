import { type JobStep, LOST_JOB_MS, SWEEP_MS } from '@stella/contracts'

import type { SweepDeps } from './sweep.ts'

/** For each step the silence after which a job of it counts as lost, in milliseconds. */
export type Patience = Readonly<Record<JobStep, number>>

/**
 * Where no job of a step waits or is worked on: `SWEEP_MS`. Else `LOST_JOB_MS` more than the oldest job of the step has waited. Being published
 * is a sign of life, and the queue goes by age: what is silent for longer has no job in it, and what only waits, however long, gets no
 * second one.
 */
export async function patienceOf(deps: Pick<SweepDeps, 'bus' | 'now'>): Promise<Patience> {
  const [ingest, plan, write, seal, verify] = await Promise.all([
    patienceWith(deps, 'ingest'),
    patienceWith(deps, 'plan'),
    patienceWith(deps, 'write'),
    patienceWith(deps, 'seal'),
    patienceWith(deps, 'verify'),
  ])
  return { ingest, plan, write, seal, verify }
}

async function patienceWith({ bus, now }: Pick<SweepDeps, 'bus' | 'now'>, step: JobStep): Promise<number> {
  const { pending, inFlight } = await bus.pending(step)
  if (pending === 0) return inFlight === 0 ? SWEEP_MS : LOST_JOB_MS
  const oldest = await bus.oldestWaiting(step)
  return LOST_JOB_MS + (oldest === null ? 0 : Math.max(0, now().getTime() - oldest.getTime()))
}
