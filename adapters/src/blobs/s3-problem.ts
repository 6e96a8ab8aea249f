import { S3ServiceException } from '@aws-sdk/client-s3'
import { Problem, type ProblemCode } from '@stella/contracts'

/** What a store answers, by its error code; other answers are `blob/unavailable`. */
const codes: Readonly<Record<string, ProblemCode>> = {
  NoSuchKey: 'blob/absent',
  NotFound: 'blob/absent',
  InvalidRange: 'blob/short',
  BadDigest: 'blob/altered',
  InvalidDigest: 'blob/altered',
  XAmzContentSHA256Mismatch: 'blob/altered',
  EntityTooLarge: 'blob/full',
  InsufficientStorage: 'blob/full',
  QuotaExceeded: 'blob/full',
  XMinioStorageFull: 'blob/full',
}

/** A failure of S3 as a Problem, with the failure as its cause; a Problem stays what it is. */
export function s3Problem(error: unknown, action: string): Problem {
  if (error instanceof Problem) return error
  const name = errorName(error)
  const status = statusOf(error)
  const code = codes[name] ?? (status === 507 ? 'blob/full' : 'blob/unavailable')
  return new Problem(code, `${action}: the store answered ${status === null ? name : `${status} ${name}`}`, {
    cause: error,
  })
}

/** Status of the store's answer; null where there was none. */
export function statusOf(error: unknown): number | null {
  return error instanceof S3ServiceException ? (error.$metadata.httpStatusCode ?? null) : null
}

/** The store's name of a failure, or that of the connection's. */
export function errorName(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  return error.name === 'Error' && 'code' in error ? String(error.code) : error.name
}
