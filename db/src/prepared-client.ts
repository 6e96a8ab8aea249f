import type { ISql, Sql, TransactionSql } from 'postgres'

type Unsafe = Sql['unsafe']

/**
 * Lets a client prepare, once a connection, each statement that it is given with parameters: sent unprepared, as drizzle asks for, one
 * takes two journeys to the server and is planned every time. Statements without parameters hold their values in their text, so that to
 * keep each would fill the server's memory; they stay as they are.
 */
export function preparingStatements(client: Sql): Sql {
  const begin = client.begin.bind(client)
  const inside = (work: (tx: TransactionSql) => Promise<unknown>) => begin((tx) => work(withPrepared(tx)))
  return Object.assign(withPrepared(client), { begin: inside }) as Sql
}

function withPrepared<C extends ISql>(client: C): C {
  const unsafe = client.unsafe.bind(client) as Unsafe
  const prepared: Unsafe = (text, parameters, options) =>
    unsafe(text, parameters, { ...options, prepare: (parameters?.length ?? 0) > 0 })
  return Object.assign(client, { unsafe: prepared })
}
