import { getProfile } from '@stella/db'
import type { MiddlewareHandler } from 'hono'

import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import { found, idOf } from './found.ts'

/** GET /export/profiles/{id}: 200 Profile · 404 resource/not-found */
export function getProfileRoute({ inTenant }: Pick<GatewayDeps, 'inTenant'>): MiddlewareHandler<GatewayEnv> {
  return async (c) => {
    const { tenantId } = c.get('caller')
    const id = idOf(c)
    return c.json(found(await inTenant(tenantId, (tx) => getProfile(tx, { tenantId, id })), 'profile', id))
  }
}
