import { instant, pageQuery, resourceId, runStates } from '@stella/contracts'
import { listRuns } from '@stella/db'
import type { MiddlewareHandler } from 'hono'
import { z } from 'zod'

import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import { query } from '../middleware/json-body.ts'

const listQuery = pageQuery.extend({
  state: z.enum(runStates).optional(),
  profile_id: resourceId.optional(),
  from: instant.optional(),
  to: instant.optional(),
})

/** GET /export/runs: 200 a page of runs, the newest first · 400 request/invalid */
export function listRunsRoute({ inTenant }: Pick<GatewayDeps, 'inTenant'>): MiddlewareHandler<GatewayEnv> {
  return async (c) => {
    const { tenantId } = c.get('caller')
    const { profile_id: profileId, ...asked } = query(c, listQuery)
    const { items, nextCursor } = await inTenant(tenantId, (tx) => listRuns(tx, { tenantId, profileId, ...asked }))
    return c.json({ items, next_cursor: nextCursor })
  }
}
