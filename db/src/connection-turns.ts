import { Problem } from '@stella/contracts'

/** How many may work at once, how many may wait, and for how long. */
export interface TurnLimits {
  readonly connections: number
  readonly waiters: number
  readonly waitMs: number
}

/**
 * Hands the connections of a pool to those who ask, in order. The driver would let them wait for ever; here a wait ends, and who has
 * given up is forgotten, so that nothing of it reaches the database later.
 */
export class ConnectionTurns {
  readonly #limits: TurnLimits
  /** Who waits, the longest first: what starts each. */
  readonly #waiting = new Set<() => void>()
  #working = 0

  constructor(limits: TurnLimits) {
    this.#limits = limits
  }

  /**
   * Runs `work` when a connection is free for it.
   * @throws `db/unavailable` where none became free in time, or too many wait already; what `work` throws otherwise
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#working >= this.#limits.connections) await this.#turn()
    else this.#working += 1
    try {
      return await work()
    } finally {
      this.#pass()
    }
  }

  #turn(): Promise<void> {
    const { waiters, waitMs } = this.#limits
    if (this.#waiting.size >= waiters) return Promise.reject(busy())
    return new Promise((resolve, reject) => {
      const start = () => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(start)
        reject(busy())
      }, waitMs)
      this.#waiting.add(start)
    })
  }

  /** Gives the turn to who waits the longest, or back. */
  #pass(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#working -= 1
      return
    }
    this.#waiting.delete(next)
    next()
  }
}

function busy(): Problem {
  return new Problem('db/unavailable', 'no connection to the database became free in time: try again later')
}
