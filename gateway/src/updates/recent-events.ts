import type { StoredEvent } from '@stella/adapters'
import { sequenceText } from '@stella/contracts'

/** An event as it is sent to every reader. */
export interface Update {
  readonly sequence: number
  readonly tenantId: string
  readonly runId: string | null
  readonly frame: Uint8Array
}

/** Whose events a reader wants. */
export interface Interest {
  readonly tenantId: string
  readonly runId: string | null
}

/** The frame of an event; made once, whoever reads it. */
export function updateOf({ sequence, tenantId, event }: StoredEvent): Update {
  const data = event.data as { run_id?: unknown } | undefined
  const runId = typeof data?.run_id === 'string' ? data.run_id : null
  const text = JSON.stringify({ ...event, sequence: sequenceText(sequence) })
  return { sequence, tenantId, runId, frame: new TextEncoder().encode(text) }
}

/** True where a reader is to get an update. */
export function concerns({ tenantId, runId }: Interest, update: Update): boolean {
  return update.tenantId === tenantId && (runId === null || update.runId === runId)
}

/** The newest events of all tenants, in order and without gaps, as many as two limits allow. */
export class RecentEvents {
  readonly #maxEvents: number
  readonly #maxBytes: number
  #updates: Update[] = []
  #begin = 0
  #bytes = 0
  #floor: number
  #last: number

  /** @param after - number of the event before the first that will be added */
  constructor(limits: { maxEvents: number; maxBytes: number }, after: number) {
    this.#maxEvents = limits.maxEvents
    this.#maxBytes = limits.maxBytes
    this.#floor = after
    this.#last = after
  }

  /** Whoever has all events up to this one can get the others from here. */
  get floor(): number {
    return this.#floor
  }

  /** Number of the newest event. */
  get last(): number {
    return this.#last
  }

  add(update: Update): void {
    this.#updates.push(update)
    this.#bytes += update.frame.byteLength
    this.#last = update.sequence
    while (this.#updates.length - this.#begin > this.#maxEvents || this.#bytes > this.#maxBytes) this.#drop()
    // Moving the array for each event dropped would cost its length each time.
    if (this.#begin > this.#maxEvents) {
      this.#updates = this.#updates.slice(this.#begin)
      this.#begin = 0
    }
  }

  /**
   * A portion of the events after a position that concern a reader, and the position that they lead to.
   * The position given must be at least `floor`.
   */
  after(position: number, interest: Interest, limit: number): { updates: Update[]; position: number } {
    const updates: Update[] = []
    for (let at = this.#indexAfter(position); at < this.#updates.length; at++) {
      const update = this.#updates[at] as Update
      if (concerns(interest, update)) updates.push(update)
      if (updates.length === limit) return { updates, position: update.sequence }
    }
    return { updates, position: this.#last }
  }

  #drop(): void {
    const dropped = this.#updates[this.#begin++]
    if (!dropped) return
    this.#bytes -= dropped.frame.byteLength
    this.#floor = dropped.sequence
  }

  #indexAfter(position: number): number {
    let [low, high] = [this.#begin, this.#updates.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#updates[middle] as Update).sequence <= position) low = middle + 1
      else high = middle
    }
    return low
  }
}
