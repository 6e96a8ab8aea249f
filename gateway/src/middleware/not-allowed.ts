import { type Endpoint, Problem } from '@stella/contracts'
import type { MiddlewareHandler } from 'hono'

import type { GatewayDeps } from '../deps.ts'
import { problemResponse } from '../problem-response.ts'

/** Answers what a path has no method for: 405 with `Allow` (RFC 9110, section 15.5.6). HEAD works where GET does. */
export function notAllowed(
  { log }: Pick<GatewayDeps, 'log'>,
  methods: readonly Endpoint['method'][],
): MiddlewareHandler {
  const allow = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ')
  return async (c) => {
    const problem = new Problem('request/method-not-allowed', `${c.req.method} does nothing here: use ${allow}`)
    const refused = problemResponse(problem, log)
    refused.headers.set('allow', allow)
    return refused
  }
}
