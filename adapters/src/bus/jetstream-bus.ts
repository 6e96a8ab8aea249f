import { setTimeout as pause } from 'node:timers/promises'

import {
  type Job,
  type JobStep,
  mediaTypes,
  Problem,
  type RunEvent,
  tenantId,
  toProblem,
  type VerificationEvent,
} from '@stella/contracts'
import { headers, type JetStreamManager } from 'nats'

import {
  type Bus,
  type BusLimits,
  type BusLogEntry,
  busLimits,
  type EventExtent,
  type EventRange,
  type EventWatch,
  type JobBacklog,
  type JobConsumer,
  type StoredEvent,
} from './bus.ts'
import { EventLog } from './event-log.ts'
import { type DeliveryDeps, deliverJob, returnJob } from './job-delivery.ts'
import { NatsLink } from './nats-link.ts'
import { oldestWaiting } from './oldest-waiting.ts'
import { pullMessage } from './pull-message.ts'
import { retryDelay } from './retry-delay.ts'
import { ensureStreams, JOBS_STREAM, jobSubject } from './streams.ts'

/** Pauses of a consumer that the server gives no jobs. */
const PULL_RETRY = { firstMs: 50, maxMs: 2000 }
/** Structured mode of a CloudEvent in JSON (CloudEvents 1.0, JSON event format, section 3). */
const CLOUD_EVENT = 'application/cloudevents+json'
const EVENT_TYPE = /^[a-z0-9]+(?:\.[a-z0-9_-]+){1,15}$/

/** How a bus is opened. `limits` is for tests: the processes of one server must agree on it. */
export interface BusOptions {
  readonly log: (entry: BusLogEntry) => void
  readonly limits?: BusLimits
}

/** A bus on NATS JetStream: work on the stream `EXPORT_JOBS`, news on `EXPORT_EVENTS`. */
export class JetStreamBus implements Bus {
  readonly #link: NatsLink
  readonly #limits: BusLimits
  readonly #log: (entry: BusLogEntry) => void
  readonly #closing = new AbortController()
  readonly #consuming = new Set<Promise<void>>()
  readonly #events: EventLog

  private constructor(link: NatsLink, { log, limits = busLimits }: BusOptions) {
    this.#link = link
    this.#log = log
    this.#limits = limits
    this.#events = new EventLog({
      link,
      log,
      manager: () => this.#manager(),
      ensureStreams: () => this.ensureStreams(),
    })
  }

  /** Connects to the servers of a NATS URL. @throws `bus/unavailable`, `config/invalid` */
  static async open(natsUrl: string, options: BusOptions): Promise<JetStreamBus> {
    return new JetStreamBus(await NatsLink.open(natsUrl, options.log), options)
  }

  async ensureStreams(): Promise<void> {
    await this.#link.answered('the streams of the message bus cannot be made (is JetStream on?)', async () =>
      ensureStreams(await this.#manager(), this.#limits.ackWaitMs),
    )
  }

  async publishJob({ step, message, dedupeId }: Job): Promise<void> {
    const messageId = `${step}/${dedupeId}`
    await this.#publish(jobSubject(step), { message, messageId, contentType: mediaTypes.json })
  }

  async publishEvent(event: RunEvent | VerificationEvent): Promise<void> {
    const tenant = event.data.tenant_id
    if (!tenantId.safeParse(tenant).success || !EVENT_TYPE.test(event.type)) {
      throw new Problem('request/invalid', 'the event cannot be published: its tenant or type is malformed')
    }
    const subject = `export.events.${tenant}.${event.type}`
    await this.#publish(subject, { message: event, messageId: event.id, contentType: CLOUD_EVENT })
  }

  consume<S extends JobStep>(step: S, consumer: JobConsumer<S>, signal: AbortSignal): Promise<void> {
    const deps: DeliveryDeps<S> = {
      step,
      consumer,
      signal: AbortSignal.any([signal, this.#closing.signal]),
      link: this.#link,
      limits: this.#limits,
      publishJob: (job) => this.publishJob(job),
      log: this.#log,
    }
    const consuming = this.#consumeUntilStopped(deps)
    this.#consuming.add(consuming)
    return consuming.finally(() => this.#consuming.delete(consuming))
  }

  async pending(step: JobStep): Promise<JobBacklog> {
    return this.#link.answered(`the ${step} jobs cannot be counted`, async () => {
      const info = await (await this.#manager()).consumers.info(JOBS_STREAM, step)
      return { pending: info.num_pending, inFlight: info.num_ack_pending }
    })
  }

  async oldestWaiting(step: JobStep): Promise<Date | null> {
    return this.#link.answered(`the oldest of the ${step} jobs cannot be looked up`, async () =>
      oldestWaiting(await this.#manager(), step),
    )
  }

  watchEvents(watch: EventWatch, signal: AbortSignal): Promise<void> {
    const watching = this.#events.watch(watch, AbortSignal.any([signal, this.#closing.signal]))
    this.#consuming.add(watching)
    return watching.finally(() => this.#consuming.delete(watching))
  }

  readEvents(range: EventRange, signal: AbortSignal): AsyncIterable<StoredEvent> {
    return this.#events.range(range, AbortSignal.any([signal, this.#closing.signal]))
  }

  eventExtent(): Promise<EventExtent> {
    return this.#events.extent()
  }

  async check(): Promise<void> {
    await this.#link.answered('the message bus does not answer', () =>
      this.#link.connection.rtt().then(() => undefined),
    )
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.allSettled(this.#consuming)
    const { connection, lost } = this.#link
    if (connection.isClosed()) return
    if (!lost.aborted)
      await this.#link.answered('the bus cannot be drained', () => connection.drain()).catch(() => undefined)
    await connection.close()
  }

  async #consumeUntilStopped<S extends JobStep>(deps: DeliveryDeps<S>): Promise<void> {
    const { step, signal } = deps
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#link.connected(signal)
        await this.#consumeOne(deps)
        failures = 0
      } catch (error) {
        if (signal.aborted) return
        failures++
        const problem = toProblem(error)
        this.#log({
          severity: 'warn',
          message: 'jobs cannot be had: trying again',
          step,
          attempt: failures,
          err: problem,
        })
        await pause(retryDelay(failures, PULL_RETRY), undefined, { signal }).catch(() => undefined)
        // A server that lost its data has no streams.
        await this.ensureStreams().catch(() => undefined)
      }
    }
  }

  async #consumeOne<S extends JobStep>(deps: DeliveryDeps<S>): Promise<void> {
    const { connection, lost } = this.#link
    const delivered = await pullMessage({
      connection,
      lost,
      stop: deps.signal,
      stream: JOBS_STREAM,
      consumer: deps.step,
    })
    if (delivered === null) return
    if (deps.signal.aborted) return returnJob(deps, delivered)
    await deliverJob(deps, delivered)
  }

  async #publish(
    subject: string,
    { message, messageId, contentType }: { message: object; messageId: string; contentType: string },
  ): Promise<void> {
    const about = headers()
    about.set('Content-Type', contentType)
    await this.#link.answered(`a message to ${subject} cannot be published`, () =>
      this.#link.connection.jetstream().publish(subject, JSON.stringify(message), {
        msgID: messageId,
        timeout: this.#limits.publishMs,
        headers: about,
      }),
    )
  }

  #manager(): Promise<JetStreamManager> {
    return this.#link.connection.jetstreamManager({ checkAPI: false, timeout: this.#limits.publishMs })
  }
}
