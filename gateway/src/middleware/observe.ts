import { MAX_LOGGED_PATH_CHARS } from '@stella/contracts'
import type { MiddlewareHandler } from 'hono'

import type { GatewayDeps, GatewayEnv } from '../deps.ts'

/** An id of a request that a caller may give: what is not so short and plain is not taken into the log. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/
/** Probes come every few seconds; those that succeed say nothing. */
const PROBES: readonly string[] = ['live', 'ready']

/**
 * Gives each request an id, the caller's `X-Request-Id` where it is well-formed, which goes back on the answer and into the log; logs and
 * counts the answer. Never logged: queries, headers, bodies.
 */
export function observe({
  metrics,
  newId,
  logRequest,
}: Pick<GatewayDeps, 'metrics' | 'newId' | 'logRequest'>): MiddlewareHandler<GatewayEnv> {
  return async (c, next) => {
    const began = performance.now()
    const given = c.req.header('x-request-id') ?? ''
    const requestId = REQUEST_ID.test(given) ? given : newId('req')
    c.set('requestId', requestId)
    await next()
    c.res.headers.set('x-request-id', requestId)

    const { method } = c.req
    const { status } = c.res
    const route = c.get('route') ?? 'none'
    const durationMs = performance.now() - began
    metrics.requestAnswered({ method: route === 'none' ? 'any' : method, route, status, seconds: durationMs / 1000 })
    if (PROBES.includes(route) && status === 200) return
    logRequest({
      message: 'request',
      request_id: requestId,
      method,
      route,
      path: c.req.path.slice(0, MAX_LOGGED_PATH_CHARS),
      status,
      duration_ms: Math.round(durationMs * 10) / 10,
      tenant_id: c.get('caller')?.tenantId ?? null,
    })
  }
}
