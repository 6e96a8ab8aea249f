import { readOverview } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'

/** GET /export/metrics/overview: 200 Overview of the caller's tenant */
export function getOverviewRoute({ inTenant }: Pick<GatewayDeps, 'inTenant'>): Route<'getOverview'> {
  return async (c) => {
    const { tenantId } = c.get('caller')
    return c.json(await inTenant(tenantId, (tx) => readOverview(tx, { tenantId })))
  }
}
