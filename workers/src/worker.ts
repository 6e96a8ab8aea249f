import { setTimeout as pause } from 'node:timers/promises'

import { AFTER_FAILURE_MS, AUDIT_CHAIN_MS, EVENT_PUBLISH_MS, type JobMessage, type Problem } from '@stella/contracts'

import { chainRecorded } from './audit/chain-recorded.ts'
import type { WorkerDeps } from './deps.ts'
import { publishRecorded } from './events/publish-recorded.ts'
import { ingestStep } from './ingest/ingest-step.ts'
import { planStep } from './plan/plan-step.ts'
import { endIngestFailed, endRunFailed, endVerificationFailed } from './run/end-failed.ts'
import { sealStep } from './seal/seal-step.ts'
import { freshRemovalMemory, freshRepublishMemory, removeLeft, republishJobs } from './sweep/sweep.ts'
import { verifyStep } from './verify/verify-step.ts'
import { writeStep } from './write/write-step.ts'

/**
 * Works until it is told to stop: takes one job of each step at a time, sweeps, chains the audit log, and publishes events. A job that is
 * stopped half-way goes back to the queue. Resolves once all work has stopped.
 */
export async function startWorker(
  deps: WorkerDeps,
  { sweepMs, signal }: { sweepMs: number; signal: AbortSignal },
): Promise<void> {
  const { bus } = deps
  const failed = (job: JobMessage<'plan'>, problem: Problem) => endRunFailed(deps, job, problem)
  await Promise.all([
    bus.consume(
      'ingest',
      {
        handle: (job, { signal }) => ingestStep(deps, job, signal),
        failed: (job, problem) => endIngestFailed(deps, job, problem),
      },
      signal,
    ),
    bus.consume('plan', { handle: (job) => planStep(deps, job), failed }, signal),
    bus.consume('write', { handle: (job, { signal }) => writeStep(deps, job, signal), failed }, signal),
    bus.consume('seal', { handle: (job, { signal }) => sealStep(deps, job, signal), failed }, signal),
    bus.consume(
      'verify',
      {
        handle: (job, { signal }) => verifyStep(deps, job, signal),
        failed: (job, problem) => endVerificationFailed(deps, job, problem),
      },
      signal,
    ),
    // Two, so that neither keeps the other waiting: the first needs the bus, the second the store.
    repeat(
      deps,
      {
        everyMs: sweepMs,
        work: remembering(freshRepublishMemory, (memory) => republishJobs(deps, memory)),
        failed: 'lost jobs were not published again',
      },
      signal,
    ),
    repeat(
      deps,
      {
        everyMs: sweepMs,
        work: remembering(freshRemovalMemory, (memory) => removeLeft(deps, memory)),
        failed: 'what is left behind was not removed',
      },
      signal,
    ),
    repeat(
      deps,
      { everyMs: AUDIT_CHAIN_MS, work: () => chainRecorded(deps, signal), failed: 'the audit log was not chained' },
      signal,
    ),
    repeat(
      deps,
      { everyMs: EVENT_PUBLISH_MS, work: () => publishRecorded(deps, signal), failed: 'events were not published' },
      signal,
    ),
  ])
}

/** Work that hands something to its next round; after a round that failed it begins afresh. */
function remembering<M>(fresh: M, work: (memory: M) => Promise<M>): () => Promise<void> {
  let memory = fresh
  return async () => {
    const before = memory
    memory = fresh
    memory = await work(before)
  }
}

/** Does something over and over; where it fails, the next round goes on. */
async function repeat(
  { log }: Pick<WorkerDeps, 'log'>,
  { everyMs, work, failed }: { everyMs: number; work: () => Promise<void>; failed: string },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const pauseMs = await work().then(
      () => everyMs,
      (error: unknown) => {
        log({ message: `${failed}; the next round goes on`, cause: String(error) })
        return AFTER_FAILURE_MS
      },
    )
    await pause(pauseMs, undefined, { signal }).catch(() => undefined)
  }
}
