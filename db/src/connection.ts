import { Problem } from '@stella/contracts'
import type { ISql } from 'postgres'

import type { ClientOptions } from './connection-options.ts'
import { databaseProblem } from './database-problem.ts'
import { Session, type Transaction } from './session.ts'

/** How a transaction begins. */
export interface TransactionStart {
  /** Statements that set it up, `set local …`. */
  readonly settings: string
  /** True where it reads alone: then nobody waits for its end. */
  readonly readOnly?: boolean
}

/**
 * A connection to the database for one transaction at a time, made when it is first needed and again when it was lost. BEGIN and the settings
 * travel with the first statement: the driver's own transactions wait for each of their answers.
 */
export class Connection {
  readonly #options: ClientOptions
  #session: Session | null = null
  #connected = false

  constructor(options: ClientOptions) {
    this.#options = options
  }

  /**
   * Runs `work` in a transaction: committed when it returns, rolled back when it throws. `work` waits for all that it sends.
   * @throws `db/unavailable`, `db/timeout`, `blob/full`, `internal` for failures of the database; what `work` throws otherwise, as it is
   */
  async transaction<T>(
    { settings, readOnly = false }: TransactionStart,
    work: (tx: Transaction, sql: ISql) => Promise<T>,
  ): Promise<T> {
    this.#session ??= new Session(this.#options, (session) => this.#forget(session))
    const session = this.#session
    const begun = session.begin(`begin${readOnly ? ' read only' : ''}; ${settings}`)
    begun.catch(ignored) // Looked at when the work is done.
    try {
      if (!this.#connected) {
        await begun
        this.#connected = true
      }
      const result = await work(session.transaction, session.statements)
      await begun
      const ended = session.end('commit')
      if (readOnly) ended.catch(ignored)
      else if ((await ended) !== 'COMMIT')
        throw new Problem('internal', 'a transaction went on after a statement failed')
      return result
    } catch (error) {
      const cause = await begun.then(
        () => error,
        (failure: unknown) => failure,
      )
      if (isLost(cause)) this.#forget(session)
      else await session.end('rollback').catch(ignored)
      throw databaseProblem(cause)
    }
  }

  /** Closes the connection; a statement that runs gets `seconds`. */
  async close(seconds: number): Promise<void> {
    await this.#session?.close(seconds)
  }

  #forget(session: Session): void {
    if (this.#session !== session) return
    this.#session = null
    this.#connected = false
    session.close(0).catch(ignored)
  }
}

/** Errors that come with the end of the connection. Those of other sockets, which the work may meet, hold no query. */
function isLost(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('severity' in at) return at.severity === 'FATAL' || at.severity === 'PANIC'
    if ('code' in at && 'query' in at) {
      return /^CONNECT/.test(String(at.code)) || 'syscall' in at || at instanceof AggregateError
    }
  }
  return false
}

function ignored(): void {}
