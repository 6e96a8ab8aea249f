import { pageQuery, profileKinds } from '@stella/contracts'
import { listProfiles } from '@stella/db'
import type { MiddlewareHandler } from 'hono'
import { z } from 'zod'

import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import { query } from '../middleware/json-body.ts'

const listQuery = pageQuery.extend({
  kind: z.enum(profileKinds).optional(),
  variant: z
    .string()
    .regex(/^[a-z-]{1,63}$/)
    .optional(),
})

/** GET /export/profiles: 200 a page of profiles · 400 request/invalid */
export function listProfilesRoute({ inTenant }: Pick<GatewayDeps, 'inTenant'>): MiddlewareHandler<GatewayEnv> {
  return async (c) => {
    const { tenantId } = c.get('caller')
    const asked = query(c, listQuery)
    const { items, nextCursor } = await inTenant(tenantId, (tx) => listProfiles(tx, { tenantId, ...asked }))
    return c.json({ items, next_cursor: nextCursor })
  }
}
