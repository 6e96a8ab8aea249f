import {
  mediaTypes,
  Problem,
  type ProblemBody,
  type ProblemCode,
  problems,
  storedDamage,
  toProblem,
} from '@stella/contracts'
import { HTTPException } from 'hono/http-exception'

import type { Log } from './deps.ts'

/** Seconds after which a caller may try again where a part of the service is away. */
const RETRY_AFTER_SECONDS = 5

/** Told instead of a message that names a key of the store, which is for the log. */
const UNREADABLE =
  'what is stored is not what was written: whoever runs the service finds the reason in its log; a run can be written again by reproducing it'

/** Any failure as an RFC 9457 answer; the one place where problems become HTTP. Unknown errors are logged and say nothing. */
export function problemResponse(error: unknown, log: Log, requestId?: string): Response {
  const problem = httpProblem(error)
  const { status } = problems[problem.code]
  const named = requestId === undefined ? {} : { request_id: requestId }
  if (status >= 500) log({ message: problem.message, code: problem.code, ...named, cause: causeText(problem) })
  const detail = storedDamage.has(problem.code) ? UNREADABLE : problem.message
  return new Response(JSON.stringify(problemBody(problem.code, detail)), {
    status,
    headers: headersOf(problem.code),
  })
}

/** The body of a problem (RFC 9457, section 3.1), with the stable `code` as an extension member. */
function problemBody(code: ProblemCode, detail: string): ProblemBody {
  const title = code.replace('/', ': ').replaceAll('-', ' ')
  return { type: `urn:stella:problem:${code}`, title, status: problems[code].status, detail, code }
}

function headersOf(code: ProblemCode): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': mediaTypes.problem, 'cache-control': 'no-store' }
  if (code === 'auth/unauthenticated') headers['www-authenticate'] = 'Bearer'
  // The rest of such a request is not waited for: what came next on its connection could not be told from it.
  if (code === 'request/timeout') headers.connection = 'close'
  if (problems[code].status === 503) headers['retry-after'] = String(RETRY_AFTER_SECONDS)
  return headers
}

/** Any failure of a request as a Problem; a request that the framework could not read is `request/invalid`. */
export function httpProblem(error: unknown): Problem {
  if (error instanceof HTTPException && error.status < 500) {
    return new Problem('request/invalid', 'the request cannot be read', { cause: error })
  }
  return toProblem(error)
}

function causeText(problem: Problem): string {
  const { cause } = problem
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause ?? '')
}
