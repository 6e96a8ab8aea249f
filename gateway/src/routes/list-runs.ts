import { listRuns } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'

/** GET /export/runs: 200 a page of runs, the newest first; parts only where `part_of` names their run · 400 request/invalid */
export function listRunsRoute({ inTenant }: Pick<GatewayDeps, 'inTenant'>): Route<'listRuns'> {
  return async (c, { query }) => {
    const { tenantId } = c.get('caller')
    const { profile_id: profileId, part_of: partOf, ...asked } = query
    const { items, nextCursor } = await inTenant(tenantId, (tx) =>
      listRuns(tx, { tenantId, profileId, partOf, ...asked }),
    )
    return c.json({ items, next_cursor: nextCursor })
  }
}
