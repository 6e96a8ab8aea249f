import { Problem, problems, storedDamage } from '@stella/contracts'
import { CommandFailure } from '@stella/core'

/** A server that does not answer: it may be starting again. */
export class ServerUnreachable extends CommandFailure {
  constructor(url: string, reason: string, options: ErrorOptions) {
    const advice = 'start one with `npm run dev`, or set STELLA_URL to where it is'
    super('failed', `the server at ${url} cannot be reached: ${reason}`, advice, options)
  }
}

/**
 * True where the same request may succeed later: the server is away, or says that a part of it is, or the connection broke. What is
 * damaged in the store stays so.
 */
export function isRetryable(error: unknown): error is Error {
  if (!(error instanceof Error) || error.name === 'AbortError') return false
  if (error instanceof Problem) return problems[error.code].retryable && !storedDamage.has(error.code)
  if (error instanceof CommandFailure) return error instanceof ServerUnreachable
  return !('syscall' in error && error.syscall === 'write')
}
