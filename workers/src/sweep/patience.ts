import { type JobStep, LOST_JOB_MS, SWEEP_MS } from '@stella/contracts'

import type { SweepDeps } from './sweep.ts'

/** For each step the silence after which a job of it counts as lost, in milliseconds. */
export type Patience = Readonly<Record<JobStep, number>>

/** Where no job of a step waits or is worked on: `SWEEP_MS`. Else `LOST_JOB_MS`. */
export async function patienceOf(deps: Pick<SweepDeps, 'bus'>): Promise<Patience> {
  const [ingest, plan, write, seal, verify] = await Promise.all([
    patienceWith(deps, 'ingest'),
    patienceWith(deps, 'plan'),
    patienceWith(deps, 'write'),
    patienceWith(deps, 'seal'),
    patienceWith(deps, 'verify'),
  ])
  return { ingest, plan, write, seal, verify }
}

async function patienceWith({ bus }: Pick<SweepDeps, 'bus'>, step: JobStep): Promise<number> {
  const { pending, inFlight } = await bus.pending(step)
  return pending === 0 && inFlight === 0 ? SWEEP_MS : LOST_JOB_MS
}
