import { toProblem } from '@stella/contracts'

/** Why a command ended without success; each kind has an exit code. */
export type FailureKind = 'usage' | 'notFound' | 'denied' | 'integrity' | 'failed' | 'interrupted'

/** A command that ended without success. `message`: what could not be done, colon, why. `advice`: what to do next. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly kind: FailureKind
  readonly advice: string | null

  constructor(kind: FailureKind, message: string, advice: string | null = null, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
    this.advice = advice
  }
}

const adviceOfProblem: Readonly<Record<string, string>> = {
  'auth/unauthenticated': 'set STELLA_TOKEN; in development: `. .stella/dev/env`, or STELLA_TOKEN=$(stella token)',
  'auth/denied': 'ask for a role that allows it: Export.Viewer, Export.Operator or Export.Admin',
  'resource/not-found': 'look it up: `stella export run list`, `stella export profiles list`',
  'run/not-finished': 'see how far it is: `stella export run status <run-id>`',
}

/** What standard error says about a failure: the reason, then what to do. */
export function failureText(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const advice = adviceOf(error)
  return `stella: ${message}\n${advice === null ? '' : `  ${advice}\n`}`
}

function adviceOf(error: unknown): string | null {
  if (error instanceof CommandFailure) return error.advice
  return adviceOfProblem[toProblem(error).code] ?? null
}
