import type { ISql, Sql, TransactionSql } from 'postgres'

type Begin = (work: (tx: TransactionSql) => Promise<unknown>) => Promise<unknown>
type Unsafe = Sql['unsafe']

/**
 * Mends two habits of the driver (postgres 3.4.9).
 *
 * Each statement that is given with parameters is prepared, once a connection: sent unprepared, as drizzle asks for, one takes two journeys
 * to the server and is planned every time. Statements without parameters hold their values in their text, so that to keep each would fill
 * the server's memory; they stay as they are.
 *
 * A transaction whose connection is lost is rejected by the driver, which would still send what comes after: the next statement, the
 * ROLLBACK or the COMMIT, and fail where nobody can catch it. Here a lost transaction sends nothing any more.
 */
export function safeClient(client: Sql): Sql {
  const begin = client.begin.bind(client) as Begin
  return Object.assign(withPrepared(client), { begin: (work: Parameters<Begin>[0]) => beginSafely(begin, work) }) as Sql
}

async function beginSafely(begin: Begin, work: Parameters<Begin>[0]): Promise<unknown> {
  let over = false
  const never = new Promise<never>(() => {})
  try {
    return await begin((tx) =>
      work(untilOver(withPrepared(tx), () => over)).then(
        (value) => (over ? never : value),
        (error: unknown) => (over || isLost(error) ? never : Promise.reject(error)),
      ),
    )
  } finally {
    over = true
  }
}

function withPrepared<C extends ISql>(client: C): C {
  const unsafe = client.unsafe.bind(client) as Unsafe
  const prepared: Unsafe = (text, parameters, options) =>
    unsafe(text, parameters, { ...options, prepare: (parameters?.length ?? 0) > 0 })
  return Object.assign(client, { unsafe: prepared })
}

/** The same transaction, which refuses statements when it is over. */
function untilOver(tx: TransactionSql, isOver: () => boolean): TransactionSql {
  const going =
    <A extends unknown[], R>(send: (...args: A) => R) =>
    (...args: A): R => {
      if (isOver()) throw new Error('the transaction is over: its connection was lost')
      return send(...args)
    }
  const tagged = going(tx as unknown as (...args: unknown[]) => unknown)
  return Object.assign(tagged, tx, { unsafe: going(tx.unsafe) }) as unknown as TransactionSql
}

/** The driver's own errors that come with the end of the connection. Errors of other sockets, which the work may meet, are none. */
function isLost(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('severity' in at) return at.severity === 'FATAL' || at.severity === 'PANIC'
    if ('code' in at && typeof at.code === 'string') {
      return at.code.startsWith('CONNECTION_') || ('query' in at && 'syscall' in at)
    }
  }
  return false
}
