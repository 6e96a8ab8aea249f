import { getProfile, requestRun } from '@stella/db'

import { recordAction } from '../audit/record-action.ts'
import { createOnce } from '../create-once.ts'
import type { GatewayDeps } from '../deps.ts'
import { KnownQuotas } from '../limits/known-quotas.ts'
import { spendRun } from '../limits/rate-limit.ts'
import type { Route } from '../route.ts'
import { announceRun } from './announce-run.ts'
import { found } from './found.ts'
import { mergedFilters } from './merged-filters.ts'
import { requireOwnTenant } from './require-own-tenant.ts'
import { runAccepted } from './run-accepted.ts'

/** POST /export/runs: record a run; workers do it. 202 Run · 400 request/invalid · 404 resource/not-found without its profile · 429 limit/rate */
export function createRunRoute(deps: GatewayDeps): Route<'createRun'> {
  const quotas = new KnownQuotas()
  return async (c, { headers, body: asked }) => {
    const { tenantId, subject } = c.get('caller')
    requireOwnTenant(asked.filters, tenantId)
    const named = { tenantId, id: asked.profile_id }
    // Before the transaction: one that waits for tokens while it holds a connection could wait for ever.
    const quota =
      quotas.get(named) ?? quotas.keep(named, await deps.readTenant(tenantId, (tx) => getProfile(tx, named)))
    if (quota) await spendRun(c, deps, quota)

    const request = { tenantId, key: headers['idempotency-key'], asked: { createRun: asked } }
    const { answer, created } = await createOnce(deps, request, async (tx) => {
      const id = deps.newId('run')
      const [newest] = await Promise.all([getProfile(tx, named), recordAction(c, tx, `/export/runs/${id}`)])
      quotas.keep(named, newest)
      const profile = found(newest, 'profile', asked.profile_id)
      const run = await requestRun(tx, {
        tenantId,
        id,
        profile,
        filters: mergedFilters(profile, asked.filters),
        trigger: 'manual',
        reproduces: null,
        planId: deps.newId('plan'),
        createdBy: subject,
      })
      return runAccepted(run)
    })
    if (created) await announceRun(deps, tenantId, created)
    return answer
  }
}
