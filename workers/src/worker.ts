import { setTimeout as pause } from 'node:timers/promises'

import { AUDIT_CHAIN_MS, type JobMessage, type Problem } from '@stella/contracts'

import { chainRecorded } from './audit/chain-recorded.ts'
import type { WorkerDeps } from './deps.ts'
import { ingestStep } from './ingest/ingest-step.ts'
import { planStep } from './plan/plan-step.ts'
import { endIngestFailed, endRunFailed, endVerificationFailed } from './run/end-failed.ts'
import { sealStep } from './seal/seal-step.ts'
import { freshMemory, sweep } from './sweep/sweep.ts'
import { verifyStep } from './verify/verify-step.ts'
import { writeStep } from './write/write-step.ts'

/**
 * Works until it is told to stop: takes one job of each step at a time, sweeps, and chains the audit log. A job that is stopped half-way goes back to the
 * queue. Resolves once all work has stopped.
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
    sweepUntil(deps, sweepMs, signal),
    chainUntil(deps, signal),
  ])
}

async function sweepUntil(deps: WorkerDeps, sweepMs: number, signal: AbortSignal): Promise<void> {
  let memory = freshMemory
  while (!signal.aborted) {
    memory = await sweep(deps, memory).catch((error: unknown) => {
      deps.log({ message: 'a sweep failed; the next one goes on', cause: String(error) })
      return freshMemory
    })
    await pause(sweepMs, undefined, { signal }).catch(() => undefined)
  }
}

async function chainUntil(deps: WorkerDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await chainRecorded(deps, signal).catch((error: unknown) =>
      deps.log({ message: 'the audit log was not chained; the next round goes on', cause: String(error) }),
    )
    await pause(AUDIT_CHAIN_MS, undefined, { signal }).catch(() => undefined)
  }
}
