import { getRun, listVerifications } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'
import { found } from './found.ts'

/** GET /export/runs/{id}/verifications: 200 a page, the newest first · 400 request/invalid · 404 resource/not-found */
export function listVerificationsRoute({ readTenant }: Pick<GatewayDeps, 'readTenant'>): Route<'listVerifications'> {
  return async (c, { params: { id: runId }, query }) => {
    const { tenantId } = c.get('caller')
    const { items, nextCursor } = await readTenant(tenantId, async (tx) => {
      found(await getRun(tx, { tenantId, runId }), 'run', runId)
      return listVerifications(tx, { tenantId, runId, ...query })
    })
    return c.json({ items, next_cursor: nextCursor })
  }
}
