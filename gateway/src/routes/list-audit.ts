import { AUDIT_BATCH_ROWS } from '@stella/contracts'
import { chainAudit, listAudit } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'

/**
 * GET /audit: 200 a page of the caller's audit log, as it is chained · 400 request/invalid. What was recorded before is chained first, so
 * that a caller finds what it did.
 */
export function listAuditRoute({ inTenant }: Pick<GatewayDeps, 'inTenant'>): Route<'listAudit'> {
  return async (c, { query }) => {
    const { tenantId } = c.get('caller')
    const { items, nextCursor } = await inTenant(tenantId, async (tx) => {
      await chainAudit(tx, AUDIT_BATCH_ROWS)
      return listAudit(tx, { tenantId, ...query })
    })
    return c.json({ items, next_cursor: nextCursor })
  }
}
