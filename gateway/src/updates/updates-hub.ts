import type { Bus, EventExtent } from '@stella/adapters'
import { Problem, toProblem } from '@stella/contracts'

import type { Log } from '../deps.ts'
import type { Peer, Place } from './peer.ts'
import { concerns, type Interest, RecentEvents, type Update, updateOf } from './recent-events.ts'
import { Turns } from './turns.ts'
import { UpdatesReader } from './updates-reader.ts'

/** Numbers and times of the stream of updates. */
export interface UpdatesLimits {
  readonly recentEvents: number
  readonly recentBytes: number
  readonly backlogBytes: number
  readonly stallMs: number
  readonly readers: number
  readonly tenantReaders: number
  readonly replays: number
  readonly tenantReplays: number
}

/** What the hub uses. */
export interface HubDeps {
  readonly bus: Pick<Bus, 'watchEvents' | 'readEvents' | 'eventExtent'>
  readonly limits: UpdatesLimits
  readonly now: () => Date
  readonly log: Log
  /** Told of each reader that comes (+1) and goes (-1), and why one was dropped. */
  readonly observe: { readers(change: 1 | -1): void; dropped(reason: string): void }
}

/** Who wants updates: from a position on, or from now on. */
export interface Subscription extends Interest {
  readonly after: number | null
  /** When the reader's token ends, in milliseconds since 1970. */
  readonly expiresAtMs: number
}

interface TenantReaders {
  /** Places taken, those of readers that are still connecting among them. */
  places: number
  readonly readers: Set<UpdatesReader>
  readonly replays: Turns
}

/** Who was let in, and what gives the place back. */
interface Admitted {
  readonly subscription: Subscription
  readonly tenant: TenantReaders
  readonly release: () => void
}

/**
 * All readers of updates of one gateway. One watch on the bus serves them all; each event becomes one frame, which goes to those of its
 * tenant. The newest events stay in memory, so that a thousand readers that come back at once cost the bus nothing.
 */
export class UpdatesHub {
  readonly deps: HubDeps
  readonly #replays: Turns
  readonly #tenants = new Map<string, TenantReaders>()
  #recent: RecentEvents | null = null
  #places = 0

  constructor(deps: HubDeps) {
    this.deps = deps
    this.#replays = new Turns(deps.limits.replays)
  }

  /** Watches the bus until the signal is aborted; then all readers are told to go elsewhere. */
  async run(signal: AbortSignal): Promise<void> {
    await this.deps.bus.watchEvents(
      { begin: (extent) => this.#begin(extent), event: (event) => this.#publish(updateOf(event)) },
      signal,
    )
    this.#closeAll(1001, 'this gateway stops: connect again with after')
  }

  /** The newest events. @throws `bus/unavailable` until the bus was seen */
  get recent(): RecentEvents {
    if (this.#recent) return this.#recent
    throw new Problem('bus/unavailable', 'events cannot be had yet: try again later')
  }

  /**
   * Keeps a place for a reader that is about to connect.
   * @throws `limit/connections` where tenant or gateway have as many as they may · `bus/unavailable`
   */
  admit(subscription: Subscription): Place {
    void this.recent
    const { tenantId } = subscription
    const { readers, tenantReaders } = this.deps.limits
    const tenant = this.#tenants.get(tenantId) ?? {
      places: 0,
      readers: new Set(),
      replays: new Turns(this.deps.limits.tenantReplays),
    }
    if (this.#places >= readers || tenant.places >= tenantReaders) {
      throw new Problem('limit/connections', 'there are as many readers of updates as may be: close one, or try later')
    }
    this.#tenants.set(tenantId, tenant)
    this.#places++
    tenant.places++
    let isTaken = true
    const release = () => {
      if (!isTaken) return
      isTaken = false
      this.#places--
      tenant.places--
      if (tenant.places === 0) this.#tenants.delete(tenantId)
    }
    return { open: (peer) => this.#join(peer, { subscription, tenant, release }), release }
  }

  #join(peer: Peer, { subscription, tenant, release }: Admitted): void {
    if (peer.closed.aborted) {
      release()
      return
    }
    const reader = new UpdatesReader({
      hub: this,
      peer,
      subscription,
      // One tenant's readers, however many come back at once, leave turns to those of others.
      replay: (work) => tenant.replays.take(() => this.#replays.take(work)),
    })
    tenant.readers.add(reader)
    this.deps.observe.readers(1)
    peer.closed.addEventListener('abort', () => {
      this.deps.observe.readers(-1)
      tenant.readers.delete(reader)
      release()
    })
    reader.run().catch((error: unknown) => {
      this.deps.log({
        message: 'a reader of updates was given up',
        code: toProblem(error).code,
        tenant_id: subscription.tenantId,
      })
      reader.drop(1013, 'unavailable', 'events cannot be had: connect again later with after')
    })
  }

  #begin({ first, last }: EventExtent): number {
    const { recentEvents: maxEvents, recentBytes: maxBytes } = this.deps.limits
    if (this.#recent && last >= this.#recent.last && first <= this.#recent.last + 1) return this.#recent.last + 1
    // Another stream than the one that was read, or one that dropped what was not read yet.
    if (this.#recent) this.#closeAll(1012, 'events were lost or began anew: connect again')
    const from = Math.max(first, last - maxEvents + 1)
    this.#recent = new RecentEvents({ maxEvents, maxBytes }, from - 1)
    return from
  }

  #publish(update: Update): void {
    this.recent.add(update)
    for (const reader of this.#tenants.get(update.tenantId)?.readers ?? []) {
      if (concerns(reader.subscription, update)) reader.live(update)
    }
  }

  #closeAll(code: number, reason: string): void {
    for (const { readers } of this.#tenants.values()) {
      for (const reader of readers) reader.drop(code, 'restart', reason)
    }
  }
}
