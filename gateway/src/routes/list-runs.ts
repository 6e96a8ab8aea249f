import { listRuns } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'

/**
 * GET /export/runs: 200 a page of runs, the newest first; parts only where `part_of` names their run; of a tenant that is not the caller's
 * there is none · 400 request/invalid
 */
export function listRunsRoute({ readTenant }: Pick<GatewayDeps, 'readTenant'>): Route<'listRuns'> {
  return async (c, { query: { profile_id: profileId, part_of: partOf, tenant_id: asked, ...query } }) => {
    const { tenantId } = c.get('caller')
    const page = await readTenant(tenantId, (tx) => listRuns(tx, { tenantId, profileId, partOf, ...query }))
    const isForeign = asked !== undefined && asked !== tenantId
    return c.json(isForeign ? { items: [], next_cursor: null } : { items: page.items, next_cursor: page.nextCursor })
  }
}
