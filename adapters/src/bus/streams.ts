import { type JobStep, jobs, MAX_EVENTS, MAX_EVENTS_BYTES } from '@stella/contracts'
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamManager,
  NatsError,
  nanos,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from 'nats'

/** Stream of jobs: each is kept until it is done. */
export const JOBS_STREAM = 'EXPORT_JOBS'
/** Stream of events: each is kept until newer ones need its place. */
export const EVENTS_STREAM = 'EXPORT_EVENTS'

const DUPLICATE_WINDOW_MS = 2 * 60 * 1000
const EVENTS_MAX_AGE_MS = 30 * 24 * 3600 * 1000
/** Most jobs that wait; more are refused, and their rows are swept later. */
const MAX_QUEUED_JOBS = 1_000_000
/** Largest job or event, in bytes. */
const MAX_MESSAGE_BYTES = 64 * 1024
/** Most jobs of a step that are delivered and not done: workers, and jobs that wait to be tried again. */
const MAX_UNACKED_JOBS = 100_000
/** Most workers of a step that wait for a job. */
const MAX_WAITING_WORKERS = 10_000
/** JetStream's error codes for a stream, and for a consumer, that is there with another configuration. */
const DIFFERS = [10058, 10148]

const streams: readonly (Partial<StreamConfig> & { name: string })[] = [
  {
    name: JOBS_STREAM,
    subjects: ['export.jobs.*'],
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_msgs: MAX_QUEUED_JOBS,
    max_msg_size: MAX_MESSAGE_BYTES,
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
  },
  {
    name: EVENTS_STREAM,
    subjects: ['export.events.>'],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_msgs: MAX_EVENTS,
    max_bytes: MAX_EVENTS_BYTES,
    max_age: nanos(EVENTS_MAX_AGE_MS),
    max_msg_size: MAX_MESSAGE_BYTES,
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
  },
]

/** Subject of a step's jobs. */
export function jobSubject(step: JobStep): string {
  return `export.jobs.${step}`
}

/** Makes both streams, and a durable consumer for each step, or changes them to what is written here. */
export async function ensureStreams(manager: JetStreamManager, ackWaitMs: number): Promise<void> {
  for (const stream of streams) {
    await addOrUpdate(
      () => manager.streams.add(stream),
      () => manager.streams.update(stream.name, stream),
    )
  }
  for (const step of Object.keys(jobs) as JobStep[]) {
    const consumer = consumerConfig(step, ackWaitMs)
    await addOrUpdate(
      () => manager.consumers.add(JOBS_STREAM, consumer),
      () => manager.consumers.update(JOBS_STREAM, step, consumer),
    )
  }
}

async function addOrUpdate(add: () => Promise<unknown>, update: () => Promise<unknown>): Promise<void> {
  try {
    await add()
  } catch (error) {
    if (!(error instanceof NatsError) || !DIFFERS.includes(error.api_error?.err_code ?? 0)) throw error
    await update()
  }
}

/**
 * The server never gives up a job by itself: its own limit of deliveries would leave a job, whose last worker was killed, in the
 * stream for ever, with nobody told. Workers count instead.
 */
function consumerConfig(step: JobStep, ackWaitMs: number): Partial<ConsumerConfig> {
  return {
    durable_name: step,
    filter_subject: jobSubject(step),
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(ackWaitMs),
    max_deliver: -1,
    max_ack_pending: MAX_UNACKED_JOBS,
    max_waiting: MAX_WAITING_WORKERS,
  }
}
