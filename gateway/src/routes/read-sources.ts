import type { LedgerSources } from '@stella/contracts'
import { coverage, ingestInputs } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'
import { readScope } from './read-scope.ts'

/** POST /ledger/sources: 200 LedgerSources · 400 request/invalid · 404 resource/not-found · 413 request/too-large */
export function readSourcesRoute(deps: Pick<GatewayDeps, 'readTenant'>): Route<'readSources'> {
  return async (c, { body: { limit, ...asked } }) => {
    const { tenantId } = c.get('caller')
    const sources: LedgerSources = await readScope(deps, { tenantId, ...asked }, async (tx, scope) => {
      const { inputs, omitted } = await ingestInputs(tx, { scope, limit })
      return {
        coverage: await coverage(tx, { scope }),
        inputs: inputs.map(({ ingestId, sourceUri, ...input }) => ({ ingest: ingestId, source: sourceUri, ...input })),
        omitted_inputs: omitted,
      }
    })
    return c.json(sources)
  }
}
