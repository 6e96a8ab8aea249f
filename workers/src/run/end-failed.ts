import { type Problem, type ProblemCode, problems, verifyFailures } from '@stella/contracts'
import { uploadKey } from '@stella/core'
import { endVerification, failIngest, failRun } from '@stella/db'

import type { WorkerDeps } from '../deps.ts'
import { removeWorkOf } from './remove-work.ts'
import { startNext } from './start-next.ts'

type EndDeps = Pick<WorkerDeps, 'inTenant' | 'blobs' | 'bus' | 'runLimits' | 'metrics' | 'log'>

/** Ends a run as failed, with its class and reason, and with it all that it is a part of; removes what it left. Does nothing to a run that has ended. */
export async function endRunFailed(
  deps: EndDeps,
  { tenantId, runId }: { tenantId: string; runId: string },
  problem: Problem,
): Promise<void> {
  logCause(deps, problem, { run_id: runId })
  const { errorClass } = problems[problem.code]
  const ended = await deps.inTenant(tenantId, (tx) =>
    failRun(tx, { tenantId, runId, errorClass, errorMessage: toldOf(problem) }),
  )
  if (ended.length > 0) deps.metrics.runFailed(errorClass)
  if (verifyFailures.has(problem.code)) deps.metrics.verifyFailed()
  await startNext(deps, { tenantId, runId })
  await removeWorkOf(deps, { tenantId, runId })
}

/** Ends a batch of ingestion as failed and removes its upload. Nothing of it is in the ledger. */
export async function endIngestFailed(
  deps: EndDeps,
  { tenantId, ingestId }: { tenantId: string; ingestId: string },
  problem: Problem,
): Promise<void> {
  logCause(deps, problem, { ingest_id: ingestId })
  const { errorClass } = problems[problem.code]
  await deps.inTenant(tenantId, (tx) =>
    failIngest(tx, { tenantId, id: ingestId, errorClass, errorMessage: toldOf(problem) }),
  )
  await deps.blobs.remove(uploadKey(tenantId, ingestId))
}

/** Ends a verification that could not be done. What it is about is as it was. */
export async function endVerificationFailed(
  deps: EndDeps,
  { tenantId, verificationId }: { tenantId: string; verificationId: string },
  problem: Problem,
): Promise<void> {
  logCause(deps, problem, { verification_id: verificationId })
  const { errorClass } = problems[problem.code]
  await deps.inTenant(tenantId, (tx) =>
    endVerification(
      tx,
      { tenantId, id: verificationId },
      { state: 'failed', errorClass, errorMessage: toldOf(problem) },
    ),
  )
}

/** Failures whose message may hold a path, an address or a server's words: tenants read that they happened, operators read the log. */
const internalMatters: ReadonlySet<ProblemCode> = new Set([
  'internal',
  'config/invalid',
  'native/io',
  'native/postgres',
  'db/unavailable',
  'blob/absent',
  'blob/short',
  'blob/long',
  'blob/altered',
  'blob/unavailable',
  'bus/unavailable',
])

function toldOf({ code, message }: Problem): string {
  if (code === 'blob/full') return 'the store has no room left: free some, then run it again'
  if (code === 'record/schema-mismatch') {
    return `${message}: ingest a corrected document with a later time of modification, or narrow the filters`
  }
  return internalMatters.has(code) ? `${code}: the log of the workers has the reason, under this id` : message
}

function logCause({ log }: EndDeps, problem: Problem, where: Record<string, string>): void {
  const { cause } = problem
  log({
    message: problem.message,
    code: problem.code,
    ...where,
    cause: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause ?? ''),
  })
}
