import type { MiddlewareHandler } from 'hono'

import type { GatewayDeps, GatewayEnv } from '../deps.ts'

/** GET /health/live: 200 while the process answers. */
export function liveRoute(): MiddlewareHandler<GatewayEnv> {
  return async (c) => c.json({ status: 'live' })
}

/** GET /health/ready: 200 while database and bus answer · 503 with the part that does not */
export function readyRoute({ ready }: Pick<GatewayDeps, 'ready'>): MiddlewareHandler<GatewayEnv> {
  return async (c) => {
    await ready()
    return c.json({ status: 'ready' })
  }
}
