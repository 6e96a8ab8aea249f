/** Exit codes of `stella-reader`: those of `stella`. */
export const exitCodes = { ok: 0, usage: 2, notFound: 4, integrity: 6, failed: 8, interrupted: 130 } as const
/** One of them. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** A command that could not be done: what, why, and what to do next. */
export class ReaderFailure extends Error {
  override readonly name = 'ReaderFailure'
  readonly kind: keyof typeof exitCodes
  readonly advice: string

  constructor(kind: keyof typeof exitCodes, message: string, advice: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
    this.advice = advice
  }
}
