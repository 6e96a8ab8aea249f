import { getProfile } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'
import { found } from './found.ts'

/** GET /export/profiles/{id}: 200 Profile · 404 resource/not-found */
export function getProfileRoute({ inTenant }: Pick<GatewayDeps, 'inTenant'>): Route<'getProfile'> {
  return async (c, { params: { id } }) => {
    const { tenantId } = c.get('caller')
    return c.json(found(await inTenant(tenantId, (tx) => getProfile(tx, { tenantId, id })), 'profile', id))
  }
}
