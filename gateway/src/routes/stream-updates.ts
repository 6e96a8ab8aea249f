import { Problem } from '@stella/contracts'
import { getRun } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'
import { requireOrigin } from '../updates/require-origin.ts'
import { found } from './found.ts'

/**
 * GET /export/streams/updates: a WebSocket with the events of the caller's tenant. 101 · 403 auth/denied for pages of another origin ·
 * 404 resource/not-found without the run · 426 request/upgrade-required · 429 limit/connections
 */
export function streamUpdatesRoute(
  deps: Pick<GatewayDeps, 'readTenant' | 'updates' | 'upgrade' | 'allowedOrigins'>,
): Route<'streamUpdates'> {
  return async (c, { query: { after, run_id: runId } }) => {
    const { tenantId, expiresAtMs } = c.get('caller')
    if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') {
      throw new Problem('request/upgrade-required', 'updates come over a WebSocket: connect with ws: or wss:')
    }
    requireOrigin(c.req.raw.headers, deps.allowedOrigins)
    if (runId !== undefined)
      found(await deps.readTenant(tenantId, (tx) => getRun(tx, { tenantId, runId })), 'run', runId)
    const place = deps.updates.admit({ tenantId, runId: runId ?? null, after: after ?? null, expiresAtMs })
    return deps.upgrade(c.req.raw, place)
  }
}
