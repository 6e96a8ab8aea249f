import { kindOfGroup, type LedgerTimes, MAX_TIME_BUCKETS, Problem, recordGroups } from '@stella/contracts'
import { timeBuckets } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import { requireState } from '../ledger/require-state.ts'
import type { Route } from '../route.ts'
import { requireOwnTenant } from './require-own-tenant.ts'

/** POST /ledger/times: 200 LedgerTimes · 400 request/invalid · 404 resource/not-found · 413 request/too-large · 422 plan/too-large */
export function readTimesRoute({ readTenant }: Pick<GatewayDeps, 'readTenant'>): Route<'readTimes'> {
  return async (c, { body }) => {
    const { tenantId } = c.get('caller')
    const { revision = null, filters, grain_bytes: grainBytes } = body
    requireOwnTenant(filters, tenantId)
    const times = await readTenant(tenantId, async (tx): Promise<LedgerTimes> => {
      const state = await requireState(tx, { tenantId, revision })
      const scope = { tenantId, ledgerRevision: state.revision, filters }
      const kinds = (filters.include ?? recordGroups).map((group) => kindOfGroup[group])
      const buckets = await timeBuckets(tx, { scope, kinds, grainBytes })
      if (buckets.length > MAX_TIME_BUCKETS) {
        throw new Problem(
          'plan/too-large',
          `the scope falls into ${buckets.length} buckets, at most ${MAX_TIME_BUCKETS} are allowed: raise grain_bytes`,
        )
      }
      return { ...state, tenant: tenantId, buckets }
    })
    return c.json(times)
  }
}
