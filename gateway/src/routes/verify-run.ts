import { requestVerification } from '@stella/db'

import { recordAction } from '../audit/record-action.ts'
import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'
import { runWithBundle } from './sealed-run.ts'

/**
 * POST /export/runs/{id}/verify: record a verification of what is stored; workers do it. 202 Verification, the one that is under way where
 * there is one · 404 resource/not-found · 409 run/not-finished · 410 run/pruned
 */
export function verifyRunRoute(deps: GatewayDeps): Route<'verifyRun'> {
  return async (c, { params: { id: runId } }) => {
    const { tenantId, subject } = c.get('caller')
    await runWithBundle(deps, tenantId, runId)
    const asked = await deps.inTenant(tenantId, async (tx) => {
      await recordAction(c, tx, `/export/runs/${runId}`)
      return requestVerification(tx, { tenantId, id: deps.newId('ver'), runId, createdBy: subject })
    })
    const message = { tenantId, verificationId: asked.id }
    await deps.bus.publishJob({ step: 'verify', message, dedupeId: `${asked.id}/verify` }).catch((error: unknown) =>
      // The row is the truth: where the bus is away, the workers' sweep publishes the job later.
      deps.log({ message: 'a verification was recorded but not announced; the sweep will', cause: String(error) }),
    )
    return c.json(asked, 202)
  }
}
