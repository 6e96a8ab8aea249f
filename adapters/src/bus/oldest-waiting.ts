import type { JobStep } from '@stella/contracts'
import { type JetStreamManager, NatsError } from 'nats'

import { JOBS_STREAM, jobSubject } from './streams.ts'

/** JetStream's error code where a stream has no such message. */
const NO_MESSAGE = 10037

/** When the oldest job of a step that was never delivered was published; null where none waits. */
export async function oldestWaiting(manager: JetStreamManager, step: JobStep): Promise<Date | null> {
  const { delivered } = await manager.consumers.info(JOBS_STREAM, step)
  const next = { seq: delivered.stream_seq + 1, next_by_subj: jobSubject(step) }
  try {
    return (await manager.streams.getMessage(JOBS_STREAM, next)).time
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.err_code === NO_MESSAGE) return null
    throw error
  }
}
