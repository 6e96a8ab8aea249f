import { Problem } from '@stella/contracts'
import { cancelRun, getRun } from '@stella/db'

import { recordAction } from '../audit/record-action.ts'
import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'
import { found } from './found.ts'
import { startNext } from './start-next.ts'

/**
 * POST /export/runs/{id}/cancel: 200 Run, also where it was cancelled before, which leaves no audit entry · 404 resource/not-found · 409 resource/conflict where it ended
 * otherwise. With a part are cancelled the run that it is a part of and its other parts.
 */
export function cancelRunRoute(deps: GatewayDeps): Route<'cancelRun'> {
  return async (c, { params: { id } }) => {
    const { tenantId } = c.get('caller')
    const run = await deps.inTenant(tenantId, async (tx) => {
      const ended = await cancelRun(tx, { tenantId, runId: id })
      const run = found(await getRun(tx, { tenantId, runId: id }), 'run', id)
      if (run.state !== 'cancelled') throw new Problem('resource/conflict', `run ${id} has ended: it is ${run.state}`)
      if (ended.length > 0) await recordAction(c, tx, `/export/runs/${id}`)
      return run
    })
    await startNext(deps, { tenantId, runId: id })
    return c.json(run)
  }
}
