import { listIngests } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'

/** GET /ledger/ingests: 200 a page of batches, the newest first · 400 request/invalid */
export function listIngestsRoute({ readTenant }: Pick<GatewayDeps, 'readTenant'>): Route<'listIngests'> {
  return async (c, { query }) => {
    const { tenantId } = c.get('caller')
    const { items, nextCursor } = await readTenant(tenantId, (tx) => listIngests(tx, { tenantId, ...query }))
    return c.json({ items, next_cursor: nextCursor })
  }
}
