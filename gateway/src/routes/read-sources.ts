import type { LedgerSources } from '@stella/contracts'
import { coverage, ingestInputs } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import { requireState } from '../ledger/require-state.ts'
import type { Route } from '../route.ts'
import { requireOwnTenant } from './require-own-tenant.ts'

/** POST /ledger/sources: 200 LedgerSources · 400 request/invalid · 404 resource/not-found · 413 request/too-large */
export function readSourcesRoute({ readTenant }: Pick<GatewayDeps, 'readTenant'>): Route<'readSources'> {
  return async (c, { body }) => {
    const { tenantId } = c.get('caller')
    const { revision = null, filters, limit } = body
    requireOwnTenant(filters, tenantId)
    const sources = await readTenant(tenantId, async (tx): Promise<LedgerSources> => {
      const state = await requireState(tx, { tenantId, revision })
      const scope = { tenantId, ledgerRevision: state.revision, filters }
      const { inputs, omitted } = await ingestInputs(tx, { scope, limit })
      return {
        ...state,
        tenant: tenantId,
        coverage: await coverage(tx, { scope }),
        inputs: inputs.map(({ ingestId, sourceUri, ...input }) => ({ ingest: ingestId, source: sourceUri, ...input })),
        omitted_inputs: omitted,
      }
    })
    return c.json(sources)
  }
}
