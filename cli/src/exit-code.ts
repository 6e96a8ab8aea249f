import { type ProblemCode, toProblem } from '@stella/contracts'
import { CommandFailure, type ExitCode, exitCodes } from '@stella/core'
import { CommanderError } from 'commander'

const codeOfProblem: Partial<Record<ProblemCode, ExitCode>> = {
  'request/invalid': exitCodes.usage,
  'auth/unauthenticated': exitCodes.denied,
  'auth/denied': exitCodes.denied,
  'resource/not-found': exitCodes.notFound,
  'bundle/invalid': exitCodes.integrity,
  'run/not-reproducible': exitCodes.integrity,
  'blob/absent': exitCodes.integrity,
  'blob/short': exitCodes.integrity,
  'blob/long': exitCodes.integrity,
  'blob/altered': exitCodes.integrity,
  'native/cancelled': exitCodes.interrupted,
}

/** The exit code for whatever a command threw. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommandFailure) return exitCodes[error.kind]
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  if (error instanceof Error && error.name === 'AbortError') return exitCodes.interrupted
  return codeOfProblem[toProblem(error).code] ?? exitCodes.failed
}
