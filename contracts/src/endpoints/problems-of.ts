import type { ProblemCode } from '../problem.ts'
import { type Endpoint, isJsonBody } from './endpoint.ts'

/** What any endpoint may answer. */
const always: readonly ProblemCode[] = ['request/headers-too-large', 'internal']
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
  const { role, params, query, headers, body, problems } = endpoint
  const takes = query !== undefined || headers !== undefined || body !== undefined
  return [
    ...new Set<ProblemCode>([
      ...(takes ? (['request/invalid'] as const) : []),
      ...(body === undefined ? [] : (['request/too-large'] as const)),
      ...(isJsonBody(body) ? (['request/timeout'] as const) : []),
      ...(params === undefined ? [] : (['resource/not-found'] as const)),
      ...(headers !== undefined && 'if-match' in headers.shape ? preconditions : []),
      ...(headers !== undefined && 'idempotency-key' in headers.shape ? onceOnly : []),
      ...(role === null ? [] : guarded),
      ...problems,
      ...always,
    ]),
  ]
}

/** What one that changes a resource only in the state that its caller saw may answer (RFC 9110, section 13.1.1; RFC 6585, section 3). */
const preconditions: readonly ProblemCode[] = ['request/precondition-required', 'request/precondition-failed']

/** What one that creates once per Idempotency-Key may answer. */
const onceOnly: readonly ProblemCode[] = ['request/in-progress', 'request/key-reused']
