import { readOverview } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'

/** GET /export/metrics/overview: 200 Overview of the caller's tenant */
export function getOverviewRoute({ readTenant }: Pick<GatewayDeps, 'readTenant'>): Route<'getOverview'> {
  return async (c) => {
    const { tenantId } = c.get('caller')
    return c.json(await readTenant(tenantId, (tx) => readOverview(tx, { tenantId })))
  }
}
