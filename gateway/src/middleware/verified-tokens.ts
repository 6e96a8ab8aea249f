import { MAX_VERIFIED_TOKEN_CHARS, MAX_VERIFIED_TOKENS, VERIFIED_TOKEN_MS } from '@stella/contracts'

import { BoundedMap } from '../bounded-map.ts'
import type { Caller } from '../deps.ts'

/**
 * Callers whose tokens were verified a moment ago, so that a signature is not checked for every request. A token is forgotten when it
 * expires, after `VERIFIED_TOKEN_MS`, by when a key that its issuer withdrew counts no more, or for newer ones.
 */
export class VerifiedTokens {
  readonly #callers = new BoundedMap<{ readonly caller: Caller; readonly untilMs: number }>(MAX_VERIFIED_TOKENS)
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** Whose token it is, where that is known still. */
  get(token: string): Caller | undefined {
    const known = this.#callers.get(token)
    if (known && known.untilMs > this.#now()) return known.caller
    this.#callers.delete(token)
    return undefined
  }

  /** Remembers a token that was verified. */
  add(token: string, caller: Caller): void {
    if (token.length > MAX_VERIFIED_TOKEN_CHARS) return
    this.#callers.set(token, { caller, untilMs: Math.min(caller.expiresAtMs, this.#now() + VERIFIED_TOKEN_MS) })
  }
}
