import {
  BUS_PUBLISH_MS,
  JOB_ACK_WAIT_MS,
  JOB_HEARTBEAT_MS,
  JOB_RETRY_MAX_MS,
  JOB_RETRY_MS,
  type Job,
  type JobMessage,
  type JobStep,
  MAX_JOB_DELIVERIES,
  type Problem,
  type RunEvent,
  type VerificationEvent,
} from '@stella/contracts'

/** One delivery of a job. */
export interface Delivery {
  /** Aborted when the consumer is to stop: give up, and the job goes to another worker at once. */
  readonly signal: AbortSignal
  /** 1 on the first delivery. */
  readonly attempt: number
}

/** What is done with the jobs of a step. */
export interface JobConsumer<S extends JobStep> {
  /**
   * Does a job, which may be delivered twice, also to two workers at once. Resolves to the jobs that follow; they are published
   * before this one is acknowledged. A Problem that is retryable brings the job back later; any other ends it.
   */
  handle(message: JobMessage<S>, delivery: Delivery): Promise<Job[]>
  /**
   * Records that a job is given up: its Problem is not retryable, or it was the last delivery's, or `run/attempts-exhausted` where
   * every delivery ended without a word. Where this rejects it is called again later.
   */
  failed(message: JobMessage<S>, problem: Problem): Promise<void>
}

/** Jobs of a step that are not done. */
export interface JobBacklog {
  /** Never delivered yet. */
  readonly pending: number
  /** Delivered: being done, or waiting to be tried again. */
  readonly inFlight: number
}

/** An event as the stream keeps it: a CloudEvent 1.0, under a number that grows from event to event, with gaps. */
export interface StoredEvent {
  readonly sequence: number
  readonly tenantId: string
  readonly event: Readonly<Record<string, unknown>>
}

/** Numbers of the oldest and the newest event that is kept; `last` is one less than `first`, or 0, where there is none. */
export interface EventExtent {
  readonly first: number
  readonly last: number
}

/** Events of one tenant, both ends included. */
export interface EventRange {
  readonly tenantId: string
  readonly from: number
  readonly to: number
}

/** Who watches all events. */
export interface EventWatch {
  /** Called at the beginning and after each loss of the server, with what it keeps: the number to begin with. */
  begin(extent: EventExtent): number
  event(event: StoredEvent): void
}

/** Carries work from step to step, and news to whoever listens. */
export interface Bus {
  /** Makes the streams and their consumers, or brings them up to date. @throws `bus/unavailable` */
  ensureStreams(): Promise<void>

  /**
   * Publishes a job durably. A second one of the same step and `dedupeId` within two minutes is dropped, also where the first is
   * done already.
   * @throws `bus/unavailable`, at once while there is no connection, else after `BUS_PUBLISH_MS` without acknowledgement
   */
  publishJob(job: Job): Promise<void>

  /** Publishes an event durably, once by its id. @throws `bus/unavailable` as `publishJob`; `request/invalid` */
  publishEvent(event: RunEvent | VerificationEvent): Promise<void>

  /**
   * Does the jobs of a step, one at a time, until the signal is aborted; call it several times for more at once. Survives the loss of
   * the server and of its data. Resolves when it stopped and no job is in hand.
   */
  consume<S extends JobStep>(step: S, consumer: JobConsumer<S>, signal: AbortSignal): Promise<void>

  /** How much work of a step there is. @throws `bus/unavailable` */
  pending(step: JobStep): Promise<JobBacklog>

  /**
   * When the oldest job of a step that was never delivered was published, by the server's clock; null where none waits. Jobs are
   * delivered in the order in which they were published.
   * @throws `bus/unavailable`
   */
  oldestWaiting(step: JobStep): Promise<Date | null>

  /** Hands on the events of all tenants in order, each once, until the signal is aborted; survives the loss of the server. */
  watchEvents(watch: EventWatch, signal: AbortSignal): Promise<void>

  /** The kept events of one tenant, in order. @throws `bus/unavailable` */
  readEvents(range: EventRange, signal: AbortSignal): AsyncIterable<StoredEvent>

  /** What of the stream of events is kept. @throws `bus/unavailable` */
  eventExtent(): Promise<EventExtent>

  /** Resolves where the server answers. @throws `bus/unavailable` */
  check(): Promise<void>

  /** Stops all consumers, waits for the jobs in hand, sends what is to be sent, and disconnects. */
  close(): Promise<void>
}

/** What happens on the bus that nobody awaits. */
export interface BusLogEntry {
  readonly severity: 'info' | 'warn' | 'error'
  readonly message: string
  readonly step?: JobStep
  readonly attempt?: number
  /** What a job, or the bus, failed with. */
  readonly err?: Problem
}

/** Times and numbers of a bus. */
export interface BusLimits {
  readonly publishMs: number
  readonly ackWaitMs: number
  readonly heartbeatMs: number
  readonly maxDeliveries: number
  readonly retryMs: number
  readonly retryMaxMs: number
}

/** The limits of `@stella/contracts`. Every process that uses one server must use the same. */
export const busLimits: BusLimits = {
  publishMs: BUS_PUBLISH_MS,
  ackWaitMs: JOB_ACK_WAIT_MS,
  heartbeatMs: JOB_HEARTBEAT_MS,
  maxDeliveries: MAX_JOB_DELIVERIES,
  retryMs: JOB_RETRY_MS,
  retryMaxMs: JOB_RETRY_MAX_MS,
}
