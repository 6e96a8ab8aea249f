import { filters as filtersContract, newRun } from '@stella/contracts'
import { effectiveFilters } from '@stella/core'
import { getProfile, requestRun } from '@stella/db'
import type { MiddlewareHandler } from 'hono'

import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import { jsonBody, parsed } from '../middleware/json-body.ts'
import { announceRun } from './announce-run.ts'
import { found } from './found.ts'

/** POST /export/runs: record a run; workers do it. 202 Run · 400 request/invalid · 404 resource/not-found without its profile */
export function createRunRoute(deps: GatewayDeps): MiddlewareHandler<GatewayEnv> {
  return async (c) => {
    const { tenantId, subject } = c.get('caller')
    const asked = await jsonBody(c, newRun)
    const id = deps.newId('run')
    const run = await deps.inTenant(tenantId, async (tx) => {
      const profile = found(await getProfile(tx, { tenantId, id: asked.profile_id }), 'profile', asked.profile_id)
      const merged = effectiveFilters(profile.config.filters, asked.filters)
      const filters = parsed(filtersContract, merged, 'the filters of profile and run together')
      return requestRun(tx, {
        tenantId,
        id,
        profile,
        filters,
        trigger: 'manual',
        reproduces: null,
        planId: deps.newId('plan'),
        createdBy: subject,
      })
    })
    await announceRun(deps, tenantId, run)
    return c.json(run, 202, { location: `/export/runs/${run.id}` })
  }
}
