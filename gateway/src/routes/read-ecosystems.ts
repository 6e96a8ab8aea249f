import { kindOfGroup, type LedgerEcosystems, recordGroups } from '@stella/contracts'
import { ecosystemExtents } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import { requireState } from '../ledger/require-state.ts'
import type { Route } from '../route.ts'
import { requireOwnTenant } from './require-own-tenant.ts'

/** POST /ledger/ecosystems: 200 LedgerEcosystems · 400 request/invalid · 404 resource/not-found · 413 request/too-large */
export function readEcosystemsRoute({ readTenant }: Pick<GatewayDeps, 'readTenant'>): Route<'readEcosystems'> {
  return async (c, { body }) => {
    const { tenantId } = c.get('caller')
    const { revision = null, filters, ecosystems: names } = body
    requireOwnTenant(filters, tenantId)
    const answer = await readTenant(tenantId, async (tx): Promise<LedgerEcosystems> => {
      const state = await requireState(tx, { tenantId, revision })
      const scope = { tenantId, ledgerRevision: state.revision, filters }
      const kinds = (filters.include ?? recordGroups).map((group) => kindOfGroup[group])
      return { ...state, tenant: tenantId, ecosystems: await ecosystemExtents(tx, { scope, kinds, names }) }
    })
    return c.json(answer)
  }
}
