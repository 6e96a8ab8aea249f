import type { Transaction } from './session.ts'

/**
 * A query that is built once a session, by the query builder, with placeholders: to build one takes longer than to run it.
 * @param build - a query of the builder, ended by `prepare`
 */
export function preparedQuery<Q>(build: (tx: Transaction) => Q): (tx: Transaction) => Q {
  const built = new WeakMap<Transaction, Q>()
  return (tx) => {
    const known = built.get(tx)
    if (known) return known
    const query = build(tx)
    built.set(tx, query)
    return query
  }
}
