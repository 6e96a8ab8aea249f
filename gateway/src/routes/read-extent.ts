import { kindOfGroup, type LedgerExtent } from '@stella/contracts'
import { kindExtent } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import { requireState } from '../ledger/require-state.ts'
import type { Route } from '../route.ts'
import { requireOwnTenant } from './require-own-tenant.ts'

/** POST /ledger/extents: 200 LedgerExtent · 400 request/invalid · 404 resource/not-found · 413 request/too-large */
export function readExtentRoute({ readTenant }: Pick<GatewayDeps, 'readTenant'>): Route<'readExtent'> {
  return async (c, { body }) => {
    const { tenantId } = c.get('caller')
    const { group, revision = null, filters, range_records: rangeRecords } = body
    requireOwnTenant(filters, tenantId)
    const extent = await readTenant(tenantId, async (tx): Promise<LedgerExtent> => {
      const state = await requireState(tx, { tenantId, revision })
      const scope = { tenantId, ledgerRevision: state.revision, filters }
      const { records, bytes, starts } = await kindExtent(tx, { scope, kind: kindOfGroup[group], rangeRecords })
      return { ...state, tenant: tenantId, records, bytes, starts: [...starts] }
    })
    return c.json(extent)
  }
}
