import { getIngest } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'
import { found } from './found.ts'

/** GET /ledger/ingests/{id}: 200 Ingest · 404 resource/not-found */
export function getIngestRoute({ readTenant }: Pick<GatewayDeps, 'readTenant'>): Route<'getIngest'> {
  return async (c, { params: { id } }) => {
    const { tenantId } = c.get('caller')
    return c.json(found(await readTenant(tenantId, (tx) => getIngest(tx, { tenantId, id })), 'ingest', id))
  }
}
