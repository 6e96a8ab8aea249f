import { type LedgerTimes, MAX_TIME_BUCKETS, Problem } from '@stella/contracts'
import { timeBuckets } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'
import { readScope } from './read-scope.ts'

/** POST /ledger/times: 200 LedgerTimes · 400 request/invalid · 404 resource/not-found · 413 request/too-large · 422 plan/too-large */
export function readTimesRoute(deps: Pick<GatewayDeps, 'readTenant'>): Route<'readTimes'> {
  return async (c, { body: { grain_bytes: grainBytes, ...asked } }) => {
    const { tenantId } = c.get('caller')
    const times: LedgerTimes = await readScope(deps, { tenantId, ...asked }, async (tx, scope) => {
      const buckets = await timeBuckets(tx, { scope, grainBytes })
      if (buckets.length > MAX_TIME_BUCKETS) {
        throw new Problem(
          'plan/too-large',
          `the scope falls into ${buckets.length} buckets, at most ${MAX_TIME_BUCKETS} are allowed: raise grain_bytes`,
        )
      }
      return { buckets }
    })
    return c.json(times)
  }
}
