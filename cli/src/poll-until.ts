import { setTimeout as pause } from 'node:timers/promises'
import { MAX_DOWNLOAD_ATTEMPTS, MAX_WAIT_MS } from '@stella/contracts'
import { CommandFailure } from '@stella/core'

import { isRetryable } from './retryable.ts'

const FIRST_POLL_MS = 100
const LAST_POLL_MS = 2000

/** What is asked again and again, and when that ends. */
export interface Poll<T> {
  /** The name of what is waited for, as messages use it. */
  readonly what: string
  read(): Promise<T>
  isDone(value: T): boolean
  readonly signal: AbortSignal
}

/**
 * Asks until it is done, at growing intervals. A server that is away is asked again too, a few times: it may be starting.
 * @throws CommandFailure `interrupted` by the signal, which ends the waiting alone; `failed` after `MAX_WAIT_MS`
 */
export async function pollUntil<T>(poll: Poll<T>): Promise<T> {
  const deadline = performance.now() + MAX_WAIT_MS
  try {
    let failures = 0
    for (let pauseMs = FIRST_POLL_MS; performance.now() < deadline; pauseMs = Math.min(pauseMs * 1.5, LAST_POLL_MS)) {
      const value = await poll.read().catch((error: unknown) => {
        failures += 1
        if (failures < MAX_DOWNLOAD_ATTEMPTS && isRetryable(error)) return null
        throw error
      })
      if (value !== null) failures = 0
      if (value !== null && poll.isDone(value)) return value
      await pause(pauseMs, undefined, { signal: poll.signal })
    }
  } catch (cause) {
    if (!poll.signal.aborted) throw cause
    const message = `no longer waiting for ${poll.what}: it goes on without this command`
    throw new CommandFailure('interrupted', message, null, { cause })
  }
  throw new CommandFailure('failed', `gave up waiting for ${poll.what}: it took more than a day`)
}
