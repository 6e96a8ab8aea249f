/** Exit codes of `stella` and `stella-reader` (specification 11), and 130, which shells give a command that SIGINT ended. */
export const exitCodes = {
  ok: 0,
  usage: 2,
  notFound: 4,
  denied: 5,
  integrity: 6,
  failed: 8,
  interrupted: 130,
} as const
/** One of the exit codes. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Why a command ended without success; each kind has an exit code. */
export type FailureKind = Exclude<keyof typeof exitCodes, 'ok'>

/** A command that ended without success. `message`: what could not be done, colon, why. `details`: a line each. `advice`: what to do next. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly kind: FailureKind
  readonly advice: string | null
  readonly details: readonly string[]

  constructor(
    kind: FailureKind,
    message: string,
    advice: string | null = null,
    options: ErrorOptions & { readonly details?: readonly string[] } = {},
  ) {
    super(message, options)
    this.kind = kind
    this.advice = advice
    this.details = options.details ?? []
  }
}
