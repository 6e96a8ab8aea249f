/** How many refusals may be recorded: so many at once, then one more after each pause. */
export interface Quota {
  readonly burst: number
  readonly everyMs: number
}

interface Bucket {
  tokens: number
  filledAt: number
  omitted: number
}

/**
 * Says which refusals of a chain are recorded, so that nobody can fill the disk by asking: those beyond the quota are counted, and the next
 * one that is recorded tells how many they were, at least: it holds at most `maxChains` counts, and forgets the chain that was refused longest ago.
 */
export class RefusalQuota {
  readonly #buckets = new Map<string, Bucket>()
  readonly #maxChains: number

  constructor(maxChains: number) {
    this.#maxChains = maxChains
  }

  /** The number of refusals left out since the last one that was recorded, or null where this one is left out too. */
  take(chain: string, { burst, everyMs }: Quota, nowMs: number): { readonly omitted: number } | null {
    const bucket = this.#buckets.get(chain) ?? { tokens: burst, filledAt: nowMs, omitted: 0 }
    this.#buckets.delete(chain)
    this.#buckets.set(chain, bucket)
    const [oldest] = this.#buckets.keys()
    if (this.#buckets.size > this.#maxChains && oldest !== undefined) this.#buckets.delete(oldest)

    const earned = Math.floor(Math.max(0, nowMs - bucket.filledAt) / everyMs)
    bucket.tokens = Math.min(burst, bucket.tokens + earned)
    bucket.filledAt = bucket.tokens === burst ? nowMs : bucket.filledAt + earned * everyMs
    if (bucket.tokens === 0) {
      bucket.omitted += 1
      return null
    }
    const { omitted } = bucket
    bucket.tokens -= 1
    bucket.omitted = 0
    return { omitted }
  }

  /** Counts refusals that were taken and could not be recorded: the next one that is tells of them too. */
  giveBack(chain: string, refusals: number): void {
    const bucket = this.#buckets.get(chain)
    if (bucket) bucket.omitted += refusals
  }
}
