import { getRun } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'
import { found } from './found.ts'

/** GET /export/runs/{id}: 200 Run · 404 resource/not-found */
export function getRunRoute({ readTenant }: Pick<GatewayDeps, 'readTenant'>): Route<'getRun'> {
  return async (c, { params: { id } }) => {
    const { tenantId } = c.get('caller')
    return c.json(found(await readTenant(tenantId, (tx) => getRun(tx, { tenantId, runId: id })), 'run', id))
  }
}
