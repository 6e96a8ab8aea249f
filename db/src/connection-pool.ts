import { Problem } from '@stella/contracts'

import type { Connection } from './connection.ts'

/** How many may wait for a connection, and for how long. */
export interface PoolLimits {
  readonly waiters: number
  readonly waitMs: number
}

/**
 * Connections, each lent to one at a time, in the order in which they are asked for. Where there are limits a wait ends, and who has given
 * up is forgotten, so that nothing of it reaches the database later.
 */
export class ConnectionPool {
  /** The one used last is lent first, so that those not needed close. */
  readonly #free: Connection[]
  readonly #limits: PoolLimits | undefined
  /** Who waits, the longest first: what starts each. */
  readonly #waiting = new Set<(connection: Connection) => void>()

  constructor(connections: readonly Connection[], limits: PoolLimits | undefined) {
    this.#free = [...connections]
    this.#limits = limits
  }

  /**
   * Runs `work` when a connection is free for it.
   * @throws `db/unavailable` where none became free in time, or too many wait already; what `work` throws otherwise
   */
  async lend<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = this.#free.pop() ?? (await this.#next())
    try {
      return await work(connection)
    } finally {
      this.#giveBack(connection)
    }
  }

  #next(): Promise<Connection> {
    const limits = this.#limits
    if (limits && this.#waiting.size >= limits.waiters) return Promise.reject(busy())
    return new Promise((resolve, reject) => {
      const start = (connection: Connection) => {
        clearTimeout(timer)
        resolve(connection)
      }
      const giveUp = () => {
        this.#waiting.delete(start)
        reject(busy())
      }
      const timer = limits && setTimeout(giveUp, limits.waitMs)
      this.#waiting.add(start)
    })
  }

  /** Lends the connection to who waits the longest, or keeps it. */
  #giveBack(connection: Connection): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#free.push(connection)
      return
    }
    this.#waiting.delete(next)
    next(connection)
  }
}

function busy(): Problem {
  return new Problem('db/unavailable', 'no connection to the database became free in time: try again later')
}
