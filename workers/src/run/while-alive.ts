import { JOB_HEARTBEAT_MS } from '@stella/contracts'

import type { Log } from '../deps.ts'

/** Work that may take long, the sign of life that its row gets meanwhile, and what the log says where that fails. */
export interface LongWork<T> {
  readonly beat: () => Promise<unknown>
  readonly failed: Parameters<Log>[0]
  readonly work: () => Promise<T>
}

/** Does work and gives a sign of life every `JOB_HEARTBEAT_MS`, so that the sweep does not take it for lost. */
export async function whileAlive<T>(log: Log, { beat, failed, work }: LongWork<T>): Promise<T> {
  const alive = setInterval(() => {
    beat().catch((error: unknown) => log({ ...failed, cause: String(error) }))
  }, JOB_HEARTBEAT_MS)
  try {
    return await work()
  } finally {
    clearInterval(alive)
  }
}
