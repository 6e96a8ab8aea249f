import { listProfiles } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'

/** GET /export/profiles: 200 a page of profiles · 400 request/invalid */
export function listProfilesRoute({ readTenant }: Pick<GatewayDeps, 'readTenant'>): Route<'listProfiles'> {
  return async (c, { query }) => {
    const { tenantId } = c.get('caller')
    const { items, nextCursor } = await readTenant(tenantId, (tx) => listProfiles(tx, { tenantId, ...query }))
    return c.json({ items, next_cursor: nextCursor })
  }
}
