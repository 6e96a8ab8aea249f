import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres, { type ISql, type Sql } from 'postgres'

import type { ClientOptions } from './connection-options.ts'

/** What the statements of a transaction are sent through. */
export type Transaction = Omit<PostgresJsDatabase, 'transaction'>

/**
 * One session of the database, which is not made anew when it is lost: the driver (postgres 3.4.9) would let the next transaction fail
 * with the error that ended the one before. It takes statements while a transaction is open, and none when the session is lost: the
 * driver would fail with them where nobody can catch it, or send them over another connection.
 */
export class Session {
  readonly transaction: Transaction
  /** The same in the driver's own form. */
  readonly statements: ISql
  readonly #client: Sql
  #takes = false

  /** @param onLost - called when the connection is gone */
  constructor(options: ClientOptions, onLost: (session: Session) => void) {
    this.#client = postgres({
      ...options,
      max: 1,
      // One that is old would be closed between two statements, since the driver knows nothing of the transaction.
      max_lifetime: null,
      onclose: () => {
        this.#takes = false
        onLost(this)
      },
    })
    const statements = this.#guarded()
    this.statements = statements
    this.transaction = drizzle(statements)
  }

  /** Sends BEGIN, and lets statements follow, without waiting for its answer. */
  begin(text: string): Promise<unknown> {
    this.#takes = true
    return this.#client.unsafe(text).execute()
  }

  /** Sends COMMIT or ROLLBACK and takes no statements any more. Answers what the server did. */
  async end(command: 'commit' | 'rollback'): Promise<string> {
    if (!this.#takes) throw lost()
    this.#takes = false
    return (await this.#client.unsafe(command).execute()).command
  }

  /** Closes the connection; a statement that runs gets `seconds`. */
  close(seconds: number): Promise<void> {
    return this.#client.end({ timeout: seconds })
  }

  #guarded(): Sql {
    const whileOpen =
      <A extends unknown[], R>(send: (...args: A) => R) =>
      (...args: A): R => {
        if (!this.#takes) throw lost()
        return send(...args)
      }
    const tagged = whileOpen(this.#client as unknown as (...args: unknown[]) => unknown)
    const unsafe = whileOpen(preparing(this.#client))
    return Object.assign(tagged, this.#client, { unsafe }) as unknown as Sql
  }
}

/**
 * Lets statements that are given with parameters be prepared, once a session: sent unprepared, as drizzle asks for, one takes two journeys
 * to the server and is planned every time. Statements without parameters hold their values in their text, so that to keep each would
 * fill the server's memory; they stay as they are.
 */
function preparing(client: Sql): Sql['unsafe'] {
  return (text, parameters, options) =>
    client.unsafe(text, parameters, { ...options, prepare: (parameters?.length ?? 0) > 0 })
}

function lost(): Error {
  return Object.assign(new Error('the connection of this transaction was lost'), { code: 'CONNECTION_CLOSED' })
}
