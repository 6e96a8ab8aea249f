import { listRevisions } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'

/** GET /ledger/revisions: 200 a page of revisions, the newest first · 400 request/invalid */
export function listRevisionsRoute({ readTenant }: Pick<GatewayDeps, 'readTenant'>): Route<'listRevisions'> {
  return async (c, { query }) => {
    const { tenantId } = c.get('caller')
    const { items, nextCursor } = await readTenant(tenantId, (tx) => listRevisions(tx, { tenantId, ...query }))
    return c.json({ items, next_cursor: nextCursor })
  }
}
