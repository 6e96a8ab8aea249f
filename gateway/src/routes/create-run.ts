import type { Run } from '@stella/contracts'
import { getProfile } from '@stella/db'

import { actionOf } from '../audit/record-action.ts'
import { answeredBefore, answerOf, createOnce } from '../create-once.ts'
import type { GatewayDeps } from '../deps.ts'
import { KnownQuotas } from '../limits/known-quotas.ts'
import { spendRun } from '../limits/rate-limit.ts'
import type { Route } from '../route.ts'
import { announceRun } from './announce-run.ts'
import { loadTogether } from './load-together.ts'
import { type AskedRun, recordRuns } from './record-runs.ts'
import { requireOwnTenant } from './require-own-tenant.ts'
import { runAccepted } from './run-accepted.ts'

/** POST /export/runs: record a run; workers do it. 202 Run · 400 request/invalid · 404 resource/not-found without its profile or base · 409 run/base-unusable · 429 limit/rate */
export function createRunRoute(deps: GatewayDeps): Route<'createRun'> {
  const quotas = new KnownQuotas()
  const recordRun = loadTogether<AskedRun, Run>((tenantId, asked) =>
    deps.inTenant(tenantId, (tx) => recordRuns(tx, quotas, asked)),
  )
  return async (c, { headers, body: asked }) => {
    const { tenantId, subject } = c.get('caller')
    requireOwnTenant(asked.filters, tenantId)
    const request = { tenantId, key: headers['idempotency-key'], asked: { createRun: asked } }
    const before = await answeredBefore(deps, request)
    if (before) return before
    const named = { tenantId, id: asked.profile_id }
    // Before the transaction: one that waits for tokens while it holds a connection could wait for ever.
    const quota =
      quotas.get(named) ?? quotas.keep(named, await deps.readTenant(tenantId, (tx) => getProfile(tx, named)))
    if (quota) await spendRun(c, deps, quota)

    const id = deps.newId('run')
    const run = {
      tenantId,
      id,
      planId: deps.newId('plan'),
      profileId: asked.profile_id,
      filters: asked.filters,
      base: asked.base_export_id,
      createdBy: subject,
      action: actionOf(c, `/export/runs/${id}`),
    }
    if (request.key === undefined) {
      const created = await recordRun(run)
      await announceRun(deps, tenantId, created)
      return answerOf(runAccepted(created))
    }
    // A key is the matter of one transaction.
    const { answer, created } = await createOnce(deps, request, async (tx) => {
      const [made] = await recordRuns(tx, quotas, [run])
      if (made instanceof Error) throw made
      return runAccepted(made as Run)
    })
    if (created) await announceRun(deps, tenantId, created)
    return answer
  }
}
