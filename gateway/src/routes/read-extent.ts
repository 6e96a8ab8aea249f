import { kindOfGroup, type LedgerExtent } from '@stella/contracts'
import { kindExtent } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'
import { readScope } from './read-scope.ts'

/** POST /ledger/extents: 200 LedgerExtent · 400 request/invalid · 404 resource/not-found · 413 request/too-large */
export function readExtentRoute(deps: Pick<GatewayDeps, 'readTenant'>): Route<'readExtent'> {
  return async (c, { body: { group, range_records: rangeRecords, ...asked } }) => {
    const { tenantId } = c.get('caller')
    const extent: LedgerExtent = await readScope(deps, { tenantId, ...asked }, async (tx, scope) => {
      const { records, bytes, starts } = await kindExtent(tx, { scope, kind: kindOfGroup[group], rangeRecords })
      return { records, bytes, starts: [...starts] }
    })
    return c.json(extent)
  }
}
