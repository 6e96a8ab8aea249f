import { Problem } from '@stella/contracts'

/** What the driver and the socket say when there is no usable connection. */
const unreachable = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECTION_SILENT',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
])
/** Classes and codes of SQLSTATE for a server that starts, stops or is full (PostgreSQL documentation, appendix A). */
const unavailableState = /^(08...|57P0[1-5]|53[0234]00)$/
const DISK_FULL = '53100'
const QUERY_CANCELED = '57014'

/**
 * A failure of the driver as a Problem: `db/unavailable` where there is no connection, `db/timeout` where a statement took longer than it may, `blob/full` where the database's disk is full,
 * else `internal`, the failure being its cause. Anything that the driver did not throw comes back as it is.
 */
export function databaseProblem(error: unknown): unknown {
  if (error instanceof Problem) return error
  const code = driverCode(error)
  if (code === null) return error
  if (unreachable.has(code) || unavailableState.test(code)) {
    return new Problem('db/unavailable', 'the database cannot be reached: try again later', { cause: error })
  }
  if (code === DISK_FULL) return new Problem('blob/full', 'the database has no room left on its disk', { cause: error })
  if (code === QUERY_CANCELED) {
    return new Problem('db/timeout', 'the database took too long to answer: ask for less, or try again later', {
      cause: error,
    })
  }
  return new Problem('internal', 'the database refused a statement; the log of this process has its cause', {
    cause: error,
  })
}

/** The SQLSTATE, or the driver's or the socket's own code, of an error or of its causes; null where none has one. */
export function driverCode(error: unknown): string | null {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string' && ('severity' in at || unreachable.has(at.code))) return at.code
    // Node reports several refused addresses of one name as one error without a code of its own.
    if (at instanceof AggregateError && at.errors.length > 0) return driverCode(at.errors[0])
  }
  return null
}
