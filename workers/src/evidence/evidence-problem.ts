import { Problem } from '@stella/contracts'

/** What the other installation sent cannot be what a ledger holds; trying again does not help. */
export function invalidEvidence(reason: string, cause?: unknown): Problem {
  return new Problem('evidence/invalid', `the installation that holds the evidence cannot be believed: ${reason}`, {
    cause,
  })
}

/** The other installation cannot be read now. */
export function unavailableEvidence(reason: string, cause?: unknown): Problem {
  return new Problem('evidence/unavailable', `the installation that holds the evidence cannot be read: ${reason}`, {
    cause,
  })
}
