import { getIngest } from '@stella/db'
import type { MiddlewareHandler } from 'hono'

import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import { found, idOf } from './found.ts'

/** GET /ledger/ingests/{id}: 200 Ingest · 404 resource/not-found */
export function getIngestRoute({ inTenant }: Pick<GatewayDeps, 'inTenant'>): MiddlewareHandler<GatewayEnv> {
  return async (c) => {
    const { tenantId } = c.get('caller')
    const id = idOf(c)
    return c.json(found(await inTenant(tenantId, (tx) => getIngest(tx, { tenantId, id })), 'ingest', id))
  }
}
