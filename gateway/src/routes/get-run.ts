import { getRun } from '@stella/db'
import type { MiddlewareHandler } from 'hono'

import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import { found, idOf } from './found.ts'

/** GET /export/runs/{id}: 200 Run · 404 resource/not-found */
export function getRunRoute({ inTenant }: Pick<GatewayDeps, 'inTenant'>): MiddlewareHandler<GatewayEnv> {
  return async (c) => {
    const { tenantId } = c.get('caller')
    const id = idOf(c)
    return c.json(found(await inTenant(tenantId, (tx) => getRun(tx, { tenantId, runId: id })), 'run', id))
  }
}
