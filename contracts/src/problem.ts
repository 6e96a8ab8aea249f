/** What the edges do about a failure: HTTP status, whether a later attempt may succeed, and the error class of a run that it ends. */
interface ProblemRule {
  readonly status: number
  readonly retryable: boolean
  readonly errorClass: string
}

/** Every failure a caller may branch on, with what the edge does about it. */
export const problems = {
  'request/invalid': { status: 400, retryable: false, errorClass: 'invalid_request' },
  'request/headers-too-large': { status: 431, retryable: false, errorClass: 'too_large' },
  'request/unsupported-media-type': { status: 415, retryable: false, errorClass: 'invalid_request' },
  'request/timeout': { status: 408, retryable: true, errorClass: 'invalid_request' },
  'request/in-progress': { status: 409, retryable: true, errorClass: 'conflict' },
  'request/key-reused': { status: 422, retryable: false, errorClass: 'invalid_request' },
  'request/method-not-allowed': { status: 405, retryable: false, errorClass: 'invalid_request' },
  'request/precondition-failed': { status: 412, retryable: false, errorClass: 'conflict' },
  'request/precondition-required': { status: 428, retryable: false, errorClass: 'invalid_request' },
  'request/too-large': { status: 413, retryable: false, errorClass: 'too_large' },
  'auth/unauthenticated': { status: 401, retryable: false, errorClass: 'denied' },
  'auth/denied': { status: 403, retryable: false, errorClass: 'denied' },
  'auth/unavailable': { status: 503, retryable: true, errorClass: 'auth_unavailable' },
  'resource/not-found': { status: 404, retryable: false, errorClass: 'not_found' },
  'resource/conflict': { status: 409, retryable: false, errorClass: 'conflict' },
  'run/not-finished': { status: 409, retryable: false, errorClass: 'not_finished' },
  'run/pruned': { status: 410, retryable: false, errorClass: 'pruned' },
  'run/base-unusable': { status: 409, retryable: false, errorClass: 'base_unusable' },
  'run/sharded': { status: 409, retryable: false, errorClass: 'conflict' },
  'limit/connections': { status: 429, retryable: true, errorClass: 'rate_limited' },
  'request/upgrade-required': { status: 426, retryable: false, errorClass: 'invalid_request' },
  'limit/rate': { status: 429, retryable: true, errorClass: 'rate_limited' },
  'range/unsatisfiable': { status: 416, retryable: false, errorClass: 'invalid_request' },
  'config/invalid': { status: 500, retryable: false, errorClass: 'config_invalid' },
  'record/schema-mismatch': { status: 422, retryable: false, errorClass: 'schema_mismatch' },
  'record/digest-mismatch': { status: 500, retryable: false, errorClass: 'ledger_corrupt' },
  'record/order': { status: 500, retryable: false, errorClass: 'ledger_corrupt' },
  'record/too-many-credentials': { status: 422, retryable: false, errorClass: 'too_many_credentials' },
  'trivy/empty': { status: 422, retryable: false, errorClass: 'empty_database' },
  'trivy/unsound': { status: 500, retryable: false, errorClass: 'unsound_database' },
  'plan/too-large': { status: 422, retryable: false, errorClass: 'too_large' },
  'ledger/changed': { status: 500, retryable: false, errorClass: 'ledger_corrupt' },
  'ledger/not-computed': { status: 409, retryable: false, errorClass: 'not_computed' },
  'ledger/busy': { status: 429, retryable: true, errorClass: 'busy' },
  'evidence/unavailable': { status: 503, retryable: true, errorClass: 'evidence_unavailable' },
  'evidence/denied': { status: 500, retryable: false, errorClass: 'evidence_denied' },
  'evidence/invalid': { status: 500, retryable: false, errorClass: 'evidence_invalid' },
  'evidence/other-ledger': { status: 500, retryable: false, errorClass: 'evidence_changed' },
  'ingest/refused': { status: 422, retryable: false, errorClass: 'ingest_refused' },
  'ingest/too-many-refused': { status: 422, retryable: false, errorClass: 'ingest_refused' },
  'run/not-reproducible': { status: 500, retryable: false, errorClass: 'not_reproducible' },
  'run/attempts-exhausted': { status: 500, retryable: false, errorClass: 'attempts_exhausted' },
  'bundle/invalid': { status: 422, retryable: false, errorClass: 'bundle_invalid' },
  'native/io': { status: 500, retryable: true, errorClass: 'storage_io' },
  'native/postgres': { status: 500, retryable: true, errorClass: 'database_error' },
  'native/cancelled': { status: 409, retryable: false, errorClass: 'cancelled' },
  'blob/absent': { status: 500, retryable: true, errorClass: 'storage_corrupt' },
  'blob/short': { status: 500, retryable: true, errorClass: 'storage_corrupt' },
  'blob/long': { status: 500, retryable: true, errorClass: 'storage_corrupt' },
  'blob/altered': { status: 500, retryable: true, errorClass: 'storage_corrupt' },
  'blob/full': { status: 507, retryable: false, errorClass: 'storage_full' },
  'blob/unavailable': { status: 503, retryable: true, errorClass: 'storage_unavailable' },
  'bus/unavailable': { status: 503, retryable: true, errorClass: 'bus_unavailable' },
  'db/unavailable': { status: 503, retryable: true, errorClass: 'database_unavailable' },
  'db/timeout': { status: 503, retryable: true, errorClass: 'database_timeout' },
  'kms/refused': { status: 500, retryable: false, errorClass: 'signing_refused' },
  'kms/key-refused': { status: 500, retryable: false, errorClass: 'encryption_refused' },
  'kms/unavailable': { status: 503, retryable: true, errorClass: 'kms_unavailable' },
  internal: { status: 500, retryable: true, errorClass: 'internal' },
} as const satisfies Record<string, ProblemRule>

/** The stable name of a failure, for programs. */
export type ProblemCode = keyof typeof problems

/** Problems that say that a blob is not what was stored. Another attempt to read it helps where a store is slow to show what it has, no longer. */
export const storedDamage: ReadonlySet<ProblemCode> = new Set([
  'blob/absent',
  'blob/short',
  'blob/long',
  'blob/altered',
])

/** Problems that say that bytes, or a rebuilt run, are not what was promised. */
export const verifyFailures: ReadonlySet<ProblemCode> = new Set([
  'blob/short',
  'blob/long',
  'blob/altered',
  'record/digest-mismatch',
  'run/not-reproducible',
])

/** `code` is for programs; `message` is for people and may change: what could not be done, why, what to do. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode

  constructor(code: ProblemCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** True for a name in the table of problems. */
export function isProblemCode(code: unknown): code is ProblemCode {
  return typeof code === 'string' && Object.hasOwn(problems, code)
}

/**
 * Any thrown value as a Problem: itself, one made of an error whose `code` is in the table (the native module's errors are
 * such), or `internal` with the original as `cause` and no text of it, since that text may not leave the process.
 */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof Error && 'code' in error && isProblemCode(error.code)) {
    return new Problem(error.code, `${placeOf(error)}${error.message}`, { cause: error })
  }
  return new Problem('internal', 'an unexpected failure; the log of this process has its cause', { cause: error })
}

/** Which record and field an error of the native module is about, as the beginning of a sentence. */
function placeOf(error: object): string {
  const record = 'recordKey' in error && typeof error.recordKey === 'string' ? `record ${error.recordKey}` : null
  const field = 'field' in error && typeof error.field === 'string' ? `field ${error.field}` : null
  const place = [record, field].filter((part) => part !== null).join(', ')
  return place === '' ? '' : `${place}: `
}
