const MIN_PAUSE_MS = 20
const MAX_PAUSE_MS = 2000

/**
 * How soon a lost connection is tried again: a quarter of the time that it has been lost. The client library asks several times an
 * attempt, so that counting its questions would not do.
 */
export class ReconnectPace {
  #lostAt: number | null = null

  /** The pause between the last attempt and the next, in milliseconds. */
  pauseMs(): number {
    const now = performance.now()
    this.#lostAt ??= now
    return Math.min(Math.max((now - this.#lostAt) / 4, MIN_PAUSE_MS), MAX_PAUSE_MS)
  }

  /** Tells that there is a connection. */
  connected(): void {
    this.#lostAt = null
  }
}
