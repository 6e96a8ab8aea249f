import { setTimeout as pause } from 'node:timers/promises'

import { Problem } from '@stella/contracts'
import { connect, Events, type NatsConnection, NatsError } from 'nats'

import { interruptedBy } from '../interrupted-by.ts'
import type { BusLogEntry } from './bus.ts'
import { natsOptions } from './nats-options.ts'
import { ReconnectPace } from './reconnect-pace.ts'
import { retryDelay } from './retry-delay.ts'

/** How long a first connection is tried for, in milliseconds. */
const FIRST_CONNECT_MS = 10_000
/** Pauses between attempts at a first connection, in milliseconds. */
const FIRST_RETRY = { firstMs: 25, maxMs: 1000 }
/** Interval of the client's pings; a server that misses two is given up. */
const PING_MS = 10_000
const DIAL_MS = 3000

/**
 * A connection that is made again for ever, and that says at once when it is lost: the client library alone keeps what is sent
 * meanwhile, and lets its sender wait.
 */
export class NatsLink {
  readonly connection: NatsConnection
  readonly #log: (entry: BusLogEntry) => void
  #session = new AbortController()
  #restored: Promise<void> = Promise.resolve()
  #restore: () => void = () => undefined

  private constructor(connection: NatsConnection, log: (entry: BusLogEntry) => void) {
    this.connection = connection
    this.#log = log
  }

  /** Connects. @throws `bus/unavailable` where no server answers within ten seconds; `config/invalid` */
  static async open(natsUrl: string, log: (entry: BusLogEntry) => void): Promise<NatsLink> {
    const pace = new ReconnectPace()
    const connection = await firstConnection(natsUrl, pace)
    const link = new NatsLink(connection, log)
    void link.#watch(pace)
    return link
  }

  /** Aborted, with `bus/unavailable`, when the present connection is lost; a new signal after each reconnection. */
  get lost(): AbortSignal {
    return this.#session.signal
  }

  /** Resolves while there is a connection, else once it is back. Rejects with the signal's reason. */
  async connected(signal: AbortSignal): Promise<void> {
    await interruptedBy(signal, this.#restored)
  }

  /** Awaits an answer of the server. Any failure, and the loss of the connection, is `bus/unavailable`. */
  async answered<T>(action: string, ask: () => Promise<T>): Promise<T> {
    try {
      this.lost.throwIfAborted()
      return await interruptedBy(this.lost, ask())
    } catch (error) {
      if (error instanceof Problem) throw error
      const why = error instanceof NatsError ? (error.api_error?.description ?? error.code) : 'unexpected failure'
      throw new Problem('bus/unavailable', `${action}: ${why}`, { cause: error })
    }
  }

  async #watch(pace: ReconnectPace): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type === Events.Disconnect && !this.lost.aborted) {
        this.#log({ severity: 'warn', message: 'the connection to the message bus is lost' })
        this.#lose('the message bus cannot be reached: the connection is lost')
      } else if (type === Events.Reconnect) {
        pace.connected()
        this.#log({ severity: 'info', message: 'the connection to the message bus is back' })
        this.#session = new AbortController()
        this.#restore()
      }
    }
    this.#lose('the message bus cannot be used: it was closed')
  }

  #lose(why: string): void {
    this.#restored = new Promise((resolve) => {
      this.#restore = resolve
    })
    this.#session.abort(new Problem('bus/unavailable', why))
  }
}

/** The library tries again for ever, but only after it was connected once. */
async function firstConnection(natsUrl: string, pace: ReconnectPace): Promise<NatsConnection> {
  const options = {
    ...natsOptions(natsUrl),
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    reconnectDelayHandler: () => pace.pauseMs(),
    timeout: DIAL_MS,
    pingInterval: PING_MS,
    maxPingOut: 2,
    noAsyncTraces: true,
  }
  const deadline = performance.now() + FIRST_CONNECT_MS
  for (let attempt = 1; ; attempt++) {
    try {
      const connection = await connect(options)
      pace.connected()
      return connection
    } catch (cause) {
      const code = cause instanceof NatsError ? cause.code : 'unexpected failure'
      if (code === 'AUTHORIZATION_VIOLATION') {
        throw new Problem('config/invalid', 'the message bus cannot be used: it refuses the credentials of NATS_URL', {
          cause,
        })
      }
      if (performance.now() > deadline) {
        throw new Problem('bus/unavailable', `the message bus of NATS_URL cannot be reached: ${code}`, { cause })
      }
      await pause(retryDelay(attempt, FIRST_RETRY))
    }
  }
}
