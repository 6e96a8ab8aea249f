import type { z } from 'zod'

import type { ProblemCode } from '../problem.ts'
import { type Endpoint, isJsonBody } from './endpoint.ts'

/** What any endpoint may answer: a target or a `Host` that cannot be read belongs to no endpoint more than to another. */
const always: readonly ProblemCode[] = ['request/invalid', 'request/headers-too-large', 'internal']
/** What one that needs a token may answer: all such endpoints look into the database as well. */
const guarded: readonly ProblemCode[] = [
  'auth/unauthenticated',
  'auth/denied',
  'auth/unavailable',
  'limit/rate',
  'db/unavailable',
  'db/timeout',
  'blob/full',
]
/** What one that reads stored bytes may answer; endpoints name these themselves. */
export const storedBytesProblems = [
  'blob/absent',
  'blob/short',
  'blob/long',
  'blob/altered',
  'blob/unavailable',
] as const satisfies readonly ProblemCode[]

/** Every problem that an endpoint may answer: its own, and those that follow from what it takes and needs. */
export function problemsOf(endpoint: Endpoint): readonly ProblemCode[] {
  const { role, params, headers, body, problems } = endpoint
  return [
    ...new Set<ProblemCode>([
      ...(body === undefined ? [] : (['request/too-large'] as const)),
      ...(isJsonBody(body) ? jsonBody : []),
      ...(params === undefined ? [] : (['resource/not-found'] as const)),
      ...(headers !== undefined && 'if-match' in headers.shape ? (['request/precondition-failed'] as const) : []),
      ...(headers !== undefined && needsIfMatch(headers) ? (['request/precondition-required'] as const) : []),
      ...(headers !== undefined && 'idempotency-key' in headers.shape ? onceOnly : []),
      ...(role === null ? [] : guarded),
      ...problems,
      ...always,
    ]),
  ]
}

/** What one that takes a JSON body may answer. */
const jsonBody: readonly ProblemCode[] = ['request/timeout', 'request/unsupported-media-type']

/** True of one that changes a resource only in the state that its caller saw (RFC 9110, section 13.1.1; RFC 6585, section 3). */
export function needsIfMatch({ shape }: z.ZodObject): boolean {
  return shape['if-match']?.safeParse(undefined).success === false
}

/** What one that creates once per Idempotency-Key may answer. */
const onceOnly: readonly ProblemCode[] = ['request/in-progress', 'request/key-reused']
