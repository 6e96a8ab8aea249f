import { databaseProblem } from './database-problem.ts'

/**
 * A transaction of the driver, guarded against its loss. When a connection is lost, the driver (postgres 3.4.9) rejects the transaction by
 * itself; to send its ROLLBACK after that would throw where nobody can catch it, so `work` is then left unsettled.
 * @param begin - runs the work it is given in a transaction
 * @throws what `databaseProblem` makes of the failure
 */
export async function guardTransaction<Tx, T>(
  begin: (guarded: (tx: Tx) => Promise<T>) => Promise<T>,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  try {
    return await begin((tx) =>
      work(tx).catch((error: unknown) => (isLost(error) ? new Promise<T>(() => {}) : Promise.reject(error))),
    )
  } catch (error) {
    throw databaseProblem(error)
  }
}

/** The driver's own errors that come with the end of the connection. Errors of other sockets, which `work` may meet, are none. */
function isLost(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('severity' in at) return at.severity === 'FATAL' || at.severity === 'PANIC'
    if ('code' in at && typeof at.code === 'string') {
      return at.code.startsWith('CONNECTION_') || ('query' in at && 'syscall' in at)
    }
  }
  return false
}
