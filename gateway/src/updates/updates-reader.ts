import { gapFrame, readyFrame, type UpdateFrame, updatesClose } from '@stella/contracts'

import type { Peer } from './peer.ts'
import { concerns, type Update, updateOf } from './recent-events.ts'
import type { Subscription, UpdatesHub } from './updates-hub.ts'

/** Frames that are sent before their reader must have taken them. */
const PORTION = 128
/** Longest wait of one timer of JavaScript, in milliseconds; later ends are looked at again then. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** What a reader is made of; `replay` does its work when it is the reader's turn at the bus. */
export interface ReaderParts {
  readonly hub: UpdatesHub
  readonly peer: Peer
  readonly subscription: Subscription
  readonly replay: <T>(work: () => Promise<T>) => Promise<T>
}

/**
 * One reader: first what was kept after its position, in portions as it takes them, then live events. It gets each event once and in
 * order, since it goes live in the same step in which it is found to have all that there is.
 */
export class UpdatesReader {
  readonly subscription: Subscription
  readonly #hub: UpdatesHub
  readonly #peer: Peer
  readonly #turn: ReaderParts['replay']
  #isLive = false
  #isDropped = false

  constructor({ hub, peer, subscription, replay }: ReaderParts) {
    this.#hub = hub
    this.#peer = peer
    this.subscription = subscription
    this.#turn = replay
  }

  get #isOver(): boolean {
    return this.#isDropped || this.#peer.closed.aborted
  }

  /** Sends what was kept and goes live. @throws `bus/unavailable` */
  async run(): Promise<void> {
    this.#expire()
    const { after } = this.subscription
    let position = after ?? this.#hub.recent.last
    if (!this.#isInMemory(position)) position = await this.#begin(position)
    while (!this.#isOver && position < this.#hub.recent.last) position = await this.#catchUp(position)
    if (this.#isOver) return
    // A position ahead of this gateway: another one was quicker. What it has is not sent again.
    this.#isLive = true
    this.#sendOwn(readyFrame(Math.max(position, this.#hub.recent.last), this.#hub.deps.now()))
  }

  /** A new event. One that is not live yet finds it among those that are kept. */
  live({ sequence, frame }: Update): void {
    if (!this.#isLive || sequence <= (this.subscription.after ?? 0)) return
    if (this.#peer.backlogBytes() > this.#hub.deps.limits.backlogBytes) this.#dropSlow()
    else this.#peer.send(frame)
  }

  /** Closes the connection with a code, and says why. */
  drop(code: number, why: string, reason: string): void {
    if (this.#isOver) return
    this.#isDropped = true
    this.#isLive = false
    this.#hub.deps.observe.dropped(why)
    this.#peer.close(code, reason)
  }

  #isInMemory(position: number): boolean {
    const { floor, last } = this.#hub.recent
    return position >= floor && position <= last
  }

  /** Tells of a gap after a position. @returns the position from which on all is kept */
  async #begin(after: number): Promise<number> {
    const extent = await this.#hub.deps.bus.eventExtent()
    if (after > extent.last) {
      this.drop(updatesClose.ahead, 'ahead', 'after is beyond the newest event: connect again without it')
    } else if (after + 1 < extent.first) {
      this.#sendOwn(gapFrame({ from: after + 1, to: extent.first - 1 }, this.#hub.deps.now()))
      return extent.first - 1
    }
    return after
  }

  /** Sends one portion from memory, or what lies before it from the bus. @returns the position that the reader has then */
  async #catchUp(position: number): Promise<number> {
    if (position < this.#hub.recent.floor) return this.#turn(() => this.#replay(position))
    const portion = this.#hub.recent.after(position, this.subscription, PORTION)
    await this.#sendAll(portion.updates)
    return portion.position
  }

  async #replay(position: number): Promise<number> {
    const { tenantId } = this.subscription
    const to = this.#hub.recent.last
    let reached = position
    let portion: Update[] = []
    const range = { tenantId, from: position + 1, to }
    for await (const event of this.#hub.deps.bus.readEvents(range, this.#peer.closed)) {
      const update = updateOf(event)
      if (concerns(this.subscription, update)) portion.push(update)
      if (this.#isOver) return to
      if (portion.length < PORTION) continue
      reached = await this.#sendKept(portion, { reached, upTo: event.sequence })
      portion = []
    }
    return this.#sendKept(portion, { reached, upTo: to })
  }

  /** What the stream dropped until a portion was in hand may be missing in it: that is a gap, and asked for then. */
  async #sendKept(portion: readonly Update[], { reached, upTo }: { reached: number; upTo: number }): Promise<number> {
    const kept = await this.#begin(reached)
    await this.#sendAll(portion.filter(({ sequence }) => sequence > kept))
    return Math.max(kept, upTo)
  }

  async #sendAll(updates: readonly Update[]): Promise<void> {
    const last = updates.at(-1)
    if (last === undefined || this.#isOver) return
    for (const { frame } of updates.slice(0, -1)) this.#peer.send(frame)
    await new Promise<void>((resolve) => {
      const stalled = setTimeout(() => this.#dropSlow(), this.#hub.deps.limits.stallMs)
      const done = () => {
        clearTimeout(stalled)
        this.#peer.closed.removeEventListener('abort', done)
        resolve()
      }
      this.#peer.closed.addEventListener('abort', done, { once: true })
      this.#peer.send(last.frame, done)
    })
  }

  #sendOwn(frame: UpdateFrame): void {
    this.#peer.send(new TextEncoder().encode(JSON.stringify(frame)))
  }

  #dropSlow(): void {
    this.drop(updatesClose.slow, 'slow', 'too slow: connect again with after')
  }

  #expire(): void {
    const left = this.subscription.expiresAtMs - this.#hub.deps.now().getTime()
    const timer = setTimeout(
      () => {
        if (left > LONGEST_TIMER_MS) this.#expire()
        else this.drop(updatesClose.expired, 'expired', 'the token has expired: connect again with a new one and after')
      },
      Math.min(left, LONGEST_TIMER_MS),
    )
    this.#peer.closed.addEventListener('abort', () => clearTimeout(timer), { once: true })
  }
}
