import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'

/** GET /health/live: 200 while the process answers. */
export function liveRoute(): Route<'live'> {
  return async (c) => c.json({ status: 'live' })
}

/** GET /health/ready: 200 while database and bus answer · 503 with the part that does not */
export function readyRoute({ ready }: Pick<GatewayDeps, 'ready'>): Route<'ready'> {
  return async (c) => {
    await ready()
    return c.json({ status: 'ready' })
  }
}
