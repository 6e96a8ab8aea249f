import { Problem } from '@stella/contracts'
import { openRun, requestRun } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import { spendRun } from '../limits/rate-limit.ts'
import type { Route } from '../route.ts'
import { announceRun } from './announce-run.ts'
import { found } from './found.ts'

/**
 * POST /export/runs/{id}/reproduce: record a run that writes the same plan again and must come to the same bytes.
 * 202 Run · 404 resource/not-found · 409 run/not-finished · 429 limit/rate
 */
export function reproduceRunRoute(deps: GatewayDeps): Route<'reproduceRun'> {
  return async (c, { params: { id } }) => {
    const { tenantId, subject } = c.get('caller')
    const original = found(await deps.inTenant(tenantId, (tx) => openRun(tx, { tenantId, runId: id })), 'run', id)
    if (original.state !== 'succeeded' || original.reproduces !== null) {
      throw new Problem(
        'run/not-finished',
        `run ${id} is ${original.state}: only a run of its own that succeeded can be reproduced`,
      )
    }
    const { profile, filters, planId } = original
    await spendRun(c, deps, { id: profile.id, runsPerMinute: profile.config.limits?.runs_per_minute })
    const run = await deps.inTenant(tenantId, (tx) =>
      requestRun(tx, {
        tenantId,
        id: deps.newId('run'),
        profile,
        filters,
        trigger: 'reproduce',
        reproduces: id,
        planId,
        createdBy: subject,
      }),
    )
    await announceRun(deps, tenantId, run)
    return c.json(run, 202, { location: `/export/runs/${run.id}` })
  }
}
