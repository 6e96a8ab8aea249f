import type { GrantedTokens, TokenQuota } from '@stella/db'

import { BoundedMap } from '../bounded-map.ts'
import { inTime } from './in-time.ts'

/** A quota of one tenant: a name for its users, the bucket that it is taken from, and how much it is. */
export interface Quota extends TokenQuota {
  readonly name: string
  readonly tenantId: string
  readonly bucket: string
}

/** What came of taking one token. */
export interface Taken {
  readonly quota: Quota
  readonly allowed: boolean
  /** Tokens left, as far as this gateway knows. */
  readonly remaining: number
  /** Time until the next token where none is left, else until the quota is full again, in whole seconds. */
  readonly resetSeconds: number
}

/** How leases are taken and how long they serve. */
export interface LeaseRules {
  readonly lease: (lease: {
    tenantId: string
    bucket: string
    quota: TokenQuota
    wanted: number
  }) => Promise<GrantedTokens>
  readonly leaseMs: number
  /** Longest wait of a request for a lease, in milliseconds; the lease that comes later serves the next ones. */
  readonly waitMs: number
  /** A lease is at most this part of its quota: one in so many. */
  readonly parts: number
  readonly maxLeases: number
  /** A clock that never goes back, in milliseconds. */
  readonly clockMs: () => number
}

/** What this gateway holds of one quota. */
interface Lease {
  tokens: number
  /** What the bucket held after the last lease. */
  left: number
  block: number
  leasedAtMs: number
  /** No lease is asked for before, unless the quota has changed since. */
  emptyUntilMs: number
  quota: TokenQuota
  waiting: number
  renewal: Promise<void> | null
}

/**
 * Rate limits that hold over all gateways: tokens are taken from the database in blocks and spent in this process, so that most requests
 * wait for nothing. A block doubles while it is spent within `leaseMs` and halves when it is not; what is not spent by then is lost, so a
 * tenant may get less than its quota by the blocks of the gateways, and never more.
 */
export class TokenLeases {
  readonly #rules: LeaseRules
  readonly #leases: BoundedMap<Lease>

  constructor(rules: LeaseRules) {
    this.#rules = rules
    this.#leases = new BoundedMap(rules.maxLeases)
  }

  /** Quotas in mind. */
  get size(): number {
    return this.#leases.size
  }

  /** Takes one token. @throws `db/unavailable` where a lease is needed and cannot be had */
  async take(quota: Quota): Promise<Taken> {
    const lease = this.#leaseOf(quota)
    lease.waiting++
    try {
      for (;;) {
        const now = this.#rules.clockMs()
        if (lease.tokens > 0 && now - lease.leasedAtMs < this.#rules.leaseMs) {
          lease.tokens--
          return taken(quota, lease, { allowed: true, now })
        }
        if (now < lease.emptyUntilMs && isSame(quota, lease.quota)) return taken(quota, lease, { allowed: false, now })
        lease.renewal ??= this.#renew(quota, lease).finally(() => {
          lease.renewal = null
        })
        await inTime(lease.renewal, this.#rules.waitMs)
      }
    } finally {
      lease.waiting--
    }
  }

  #leaseOf(quota: Quota): Lease {
    const { tenantId, bucket } = quota
    const key = `${tenantId}/${bucket}`
    const known = this.#leases.get(key)
    if (known) return known
    const lease = {
      tokens: 0,
      left: 0,
      block: 1,
      leasedAtMs: -1,
      emptyUntilMs: 0,
      quota,
      waiting: 0,
      renewal: null,
    }
    this.#leases.set(key, lease)
    return lease
  }

  async #renew(quota: Quota, lease: Lease): Promise<void> {
    const { leaseMs, parts, clockMs } = this.#rules
    const largest = Math.max(1, Math.floor(quota.tokens / parts))
    const quick = clockMs() - lease.leasedAtMs < leaseMs
    lease.block = quick ? Math.min(lease.block * 2, largest) : Math.max(1, Math.floor(lease.block / 2))
    const wanted = Math.min(Math.max(lease.block, lease.waiting), largest)
    const { tenantId, bucket } = quota
    const { granted, left } = await this.#rules.lease({ tenantId, bucket, quota, wanted })
    lease.quota = quota
    lease.tokens = granted
    lease.left = left
    lease.leasedAtMs = clockMs()
    if (granted === 0) lease.emptyUntilMs = lease.leasedAtMs + ((1 - left) * quota.windowSeconds * 1000) / quota.tokens
  }
}

function isSame(one: TokenQuota, other: TokenQuota): boolean {
  return one.tokens === other.tokens && one.windowSeconds === other.windowSeconds
}

function taken(quota: Quota, lease: Lease, { allowed, now }: { allowed: boolean; now: number }): Taken {
  const remaining = allowed ? Math.floor(lease.left) + lease.tokens : 0
  const seconds = allowed
    ? ((quota.tokens - remaining) * quota.windowSeconds) / quota.tokens
    : (lease.emptyUntilMs - now) / 1000
  return { quota, allowed, remaining, resetSeconds: Math.max(1, Math.ceil(seconds)) }
}
