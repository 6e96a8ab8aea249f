import { filters as filtersContract } from '@stella/contracts'
import { effectiveFilters } from '@stella/core'
import { getProfile, requestRun } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import { spendRun } from '../limits/rate-limit.ts'
import { parsed } from '../middleware/parsed.ts'
import type { Route } from '../route.ts'
import { announceRun } from './announce-run.ts'
import { found } from './found.ts'
import { requireOwnTenant } from './require-own-tenant.ts'

/** POST /export/runs: record a run; workers do it. 202 Run · 400 request/invalid · 404 resource/not-found without its profile · 429 limit/rate */
export function createRunRoute(deps: GatewayDeps): Route<'createRun'> {
  return async (c, { body: asked }) => {
    const { tenantId, subject } = c.get('caller')
    requireOwnTenant(asked.filters, tenantId)
    const id = deps.newId('run')
    const named = await deps.inTenant(tenantId, (tx) => getProfile(tx, { tenantId, id: asked.profile_id }))
    const profile = found(named, 'profile', asked.profile_id)
    // Apart from both transactions: one that waits for tokens while it holds a connection could wait for ever.
    await spendRun(c, deps, { id: profile.id, runsPerMinute: profile.config.limits?.runs_per_minute })
    const merged = effectiveFilters(profile.config.filters, asked.filters)
    const filters = parsed(filtersContract, merged, 'the filters of profile and run together')
    const run = await deps.inTenant(tenantId, (tx) =>
      requestRun(tx, {
        tenantId,
        id,
        profile,
        filters,
        trigger: 'manual',
        reproduces: null,
        planId: deps.newId('plan'),
        createdBy: subject,
      }),
    )
    await announceRun(deps, tenantId, run)
    return c.json(run, 202, { location: `/export/runs/${run.id}` })
  }
}
