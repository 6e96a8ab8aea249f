import { Problem, storedDamage, toProblem } from '@stella/contracts'
import { CommandFailure } from '@stella/core'

const WRITE_AGAIN = 'write it again: `stella export reproduce <run-id> --out <file>`'

const adviceOfProblem: Readonly<Record<string, string>> = {
  'auth/unauthenticated': 'set STELLA_TOKEN; in development: `. .stella/dev/env`, or STELLA_TOKEN=$(stella token)',
  'auth/denied': 'in development: STELLA_TOKEN=$(stella token --role ROLE)',
  'resource/not-found': 'look it up: `stella export run list`, `stella export profiles list`',
  'run/pruned': WRITE_AGAIN,
  ...Object.fromEntries([...storedDamage].map((code) => [code, WRITE_AGAIN])),
  'run/not-finished': 'see how far it is: `stella export run status <run-id>`',
}

/** What standard error says about a failure: what could not be done and why, then what to do. */
export function failureLines(error: unknown): string[] {
  const advice = adviceOf(error)
  const details = error instanceof CommandFailure ? error.details : []
  return [
    `stella: ${messageOf(error)}`,
    ...[...details, ...(advice === null ? [] : [advice])].map((line) => `  ${line}`),
  ]
}

function messageOf(error: unknown): string {
  if (error instanceof CommandFailure || error instanceof Problem) return error.message
  // An error of the native module has its place in the ledger or the bundle beside its message.
  const problem = toProblem(error)
  const reason = problem.code !== 'internal' ? problem.message : error instanceof Error ? error.message : String(error)
  return `the command cannot go on: ${reason}`
}

function adviceOf(error: unknown): string | null {
  if (error instanceof CommandFailure) return error.advice
  return adviceOfProblem[toProblem(error).code] ?? null
}
