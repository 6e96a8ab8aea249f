import type { LedgerEcosystems } from '@stella/contracts'
import { ecosystemExtents } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'
import { readScope } from './read-scope.ts'

/** POST /ledger/ecosystems: 200 LedgerEcosystems · 400 request/invalid · 404 resource/not-found · 413 request/too-large */
export function readEcosystemsRoute(deps: Pick<GatewayDeps, 'readTenant'>): Route<'readEcosystems'> {
  return async (c, { body: { ecosystems: names, ...asked } }) => {
    const { tenantId } = c.get('caller')
    const answer: LedgerEcosystems = await readScope(deps, { tenantId, ...asked }, async (tx, scope) => ({
      ecosystems: await ecosystemExtents(tx, { scope, names }),
    }))
    return c.json(answer)
  }
}
