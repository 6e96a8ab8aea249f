import { CANCEL_POLL_MS, isFinal, type RunState } from '@stella/contracts'
import { heartbeat } from '@stella/db'

import type { WorkerDeps } from '../deps.ts'

/** The work of a step, and the run that it is for. */
export interface RunWork<T> {
  readonly tenantId: string
  readonly runId: string
  readonly signal: AbortSignal
  readonly work: (signal: AbortSignal) => Promise<T>
}

/**
 * Does work while its run is wanted: marks the run as alive, and stops the work within about `CANCEL_POLL_MS` of the run's end
 * by other hands, of which cancelling is one.
 * @throws `native/cancelled` where the run has ended · what `work` throws
 */
export async function whileWanted<T>(
  { inTenant, log }: Pick<WorkerDeps, 'inTenant' | 'log'>,
  { tenantId, runId, signal, work }: RunWork<T>,
): Promise<T> {
  const unwanted = new AbortController()
  const check = async (): Promise<void> => {
    const state: RunState | null = await inTenant(tenantId, (tx) => heartbeat(tx, { tenantId, runId }))
    if (state === null || isFinal(state)) unwanted.abort()
  }
  let checking = false
  const poll = setInterval(() => {
    if (checking) return
    checking = true
    check()
      .catch((error: unknown) =>
        log({ message: 'cannot look whether the run is wanted', run_id: runId, cause: String(error) }),
      )
      .finally(() => {
        checking = false
      })
  }, CANCEL_POLL_MS)
  try {
    return await work(AbortSignal.any([signal, unwanted.signal]))
  } finally {
    clearInterval(poll)
  }
}
