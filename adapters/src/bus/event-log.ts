import { setTimeout as pause } from 'node:timers/promises'

import { Problem, type ProblemCode, toProblem } from '@stella/contracts'
import { AckPolicy, type Consumer, DeliverPolicy, type JetStreamManager, type JsMsg, nanos } from 'nats'

import { interruptedBy } from '../interrupted-by.ts'
import type { BusLogEntry, EventExtent, EventRange, EventWatch, StoredEvent } from './bus.ts'
import type { NatsLink } from './nats-link.ts'
import { retryDelay } from './retry-delay.ts'
import { EVENTS_STREAM } from './streams.ts'

/** Events that one pull brings at most, and how long it waits for the first, in milliseconds. */
const PULL = { max_messages: 512, expires: 5000 }
/** Silence after which the server forgets a consumer of a process that is gone, in milliseconds. */
const FORGET_MS = 30_000
/** Pauses of a watch that the server gives no events. */
const WATCH_RETRY = { firstMs: 50, maxMs: 2000 }
const UNAVAILABLE: ProblemCode = 'bus/unavailable'

/** What reading the stream of events needs of its bus. */
export interface EventLogDeps {
  readonly link: NatsLink
  readonly manager: () => Promise<JetStreamManager>
  readonly log: (entry: BusLogEntry) => void
  readonly ensureStreams: () => Promise<void>
}

/** The stream `EXPORT_EVENTS`, read in order. Each reading has a consumer of its own on the server, without acknowledgements. */
export class EventLog {
  readonly #deps: EventLogDeps

  constructor(deps: EventLogDeps) {
    this.#deps = deps
  }

  /** What of the stream is there. @throws `bus/unavailable` */
  async extent(): Promise<EventExtent> {
    const { link, manager } = this.#deps
    return link.answered('the stream of events cannot be looked at', async () => {
      const { state } = await (await manager()).streams.info(EVENTS_STREAM)
      return { first: Math.max(state.first_seq, 1), last: state.last_seq }
    })
  }

  /** Hands on all events from where the watcher says, in order, until the signal is aborted. Survives losses of the server. */
  async watch(watch: EventWatch, signal: AbortSignal): Promise<void> {
    const { link, log, ensureStreams } = this.#deps
    for (let failures = 0; !signal.aborted; ) {
      try {
        await link.connected(signal)
        const from = watch.begin(await this.extent())
        for await (const event of this.#read({ from, filter: 'export.events.>' }, signal)) {
          watch.event(event)
          failures = 0
        }
      } catch (error) {
        if (signal.aborted) return
        failures++
        log({
          severity: 'warn',
          message: 'events cannot be had: trying again',
          attempt: failures,
          err: toProblem(error),
        })
        await pause(retryDelay(failures, WATCH_RETRY), undefined, { signal }).catch(() => undefined)
        await ensureStreams().catch(() => undefined) // A server that lost its data has no streams.
      }
    }
  }

  /** The kept events of one tenant in a range, in order. @throws `bus/unavailable` */
  async *range({ tenantId, from, to }: EventRange, signal: AbortSignal): AsyncGenerator<StoredEvent> {
    for await (const event of this.#read({ from, to, filter: `export.events.${tenantId}.>` }, signal)) yield event
  }

  async *#read(
    { from, to, filter }: { from: number; to?: number; filter: string },
    signal: AbortSignal,
  ): AsyncGenerator<StoredEvent> {
    const { link, manager } = this.#deps
    const session = AbortSignal.any([signal, link.lost])
    const reading = await link.answered('the events cannot be read', async () =>
      openReading(await manager(), from, filter),
    )
    try {
      if (to !== undefined && reading.pending === 0) return
      for (let next = 1; ; ) {
        let received = 0
        for await (const message of pulled(reading.consumer, session)) {
          if (message.info.deliverySequence !== next++) throw new Problem(UNAVAILABLE, 'an event was lost on its way')
          received++
          const event = storedEvent(message)
          if (to !== undefined && message.seq > to) return
          if (event) yield event
          if (to !== undefined && (message.seq === to || message.info.pending === 0)) return
        }
        session.throwIfAborted()
        // Silence may also mean that the server forgot the consumer.
        if (received === 0) await link.answered('the events cannot be read', () => reading.consumer.info())
      }
    } finally {
      if (!session.aborted) await reading.consumer.delete().catch(() => undefined) // Else the server forgets it by itself.
    }
  }
}

async function openReading(manager: JetStreamManager, from: number, filter: string) {
  const info = await manager.consumers.add(EVENTS_STREAM, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: Math.max(from, 1),
    filter_subject: filter,
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: nanos(FORGET_MS),
  })
  return { consumer: await manager.jetstream().consumers.get(EVENTS_STREAM, info.name), pending: info.num_pending }
}

/** One pull's messages; ends early, by the signal's reason, when it is aborted. */
async function* pulled(consumer: Consumer, session: AbortSignal): AsyncGenerator<JsMsg> {
  const messages = await interruptedBy(session, consumer.fetch(PULL))
  const stop = () => messages.stop()
  session.addEventListener('abort', stop, { once: true })
  try {
    if (session.aborted) stop()
    for await (const message of messages) yield message
  } finally {
    session.removeEventListener('abort', stop)
    stop()
  }
}

/** Null for a message that is no CloudEvent in JSON: nothing of ours wrote it. */
function storedEvent(message: JsMsg): StoredEvent | null {
  try {
    const event: unknown = JSON.parse(Buffer.from(message.data).toString('utf8'))
    if (typeof event !== 'object' || event === null || Array.isArray(event)) return null
    const [, , tenantId = ''] = message.subject.split('.')
    return { sequence: message.seq, tenantId, event: event as Record<string, unknown> }
  } catch {
    return null
  }
}
