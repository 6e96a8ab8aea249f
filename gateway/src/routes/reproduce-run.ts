import { indexPaths, Problem } from '@stella/contracts'
import { type OpenRun, openRun, requestRun } from '@stella/db'

import { recordAction } from '../audit/record-action.ts'
import { answeredBefore, createOnce } from '../create-once.ts'
import type { GatewayDeps } from '../deps.ts'
import { spendRun } from '../limits/rate-limit.ts'
import type { Route } from '../route.ts'
import { announceRun } from './announce-run.ts'
import { found } from './found.ts'
import { runAccepted } from './run-accepted.ts'

/**
 * POST /export/runs/{id}/reproduce: record a run that writes the same plan again and must come to the same bytes.
 * Of a run that has expired too: the ledger holds what it was made of.
 * 202 Run · 404 resource/not-found · 409 run/not-finished · 409 resource/conflict for a reproduction · 409 run/sharded · 429 limit/rate
 */
export function reproduceRunRoute(deps: GatewayDeps): Route<'reproduceRun'> {
  return async (c, { params: { id }, headers }) => {
    const { tenantId, subject } = c.get('caller')
    const request = { tenantId, key: headers['idempotency-key'], asked: { reproduceRun: id } }
    const before = await answeredBefore(deps, request)
    if (before) return before
    const original = found(await deps.readTenant(tenantId, (tx) => openRun(tx, { tenantId, runId: id })), 'run', id)
    requireReproducible(original)
    const { profile, filters, planId } = original
    await spendRun(c, deps, { id: profile.id, runsPerMinute: profile.config.limits?.runs_per_minute })

    const { answer, created } = await createOnce(deps, request, async (tx) => {
      const again = deps.newId('run')
      await recordAction(c, tx, `/export/runs/${again}`)
      const run = { tenantId, id: again, profile, filters, planId, createdBy: subject }
      return runAccepted(await requestRun(tx, { ...run, trigger: 'reproduce', reproduces: id }))
    })
    if (created) await announceRun(deps, tenantId, created)
    return answer
  }
}

function requireReproducible({ id, state, reproduces, sealed }: OpenRun): void {
  if (reproduces !== null) {
    throw new Problem('resource/conflict', `run ${id} reproduces another: reproduce run ${reproduces} itself`)
  }
  if (sealed === null) {
    throw new Problem('run/not-finished', `run ${id} is ${state}: only a run that succeeded can be reproduced`)
  }
  if (sealed.documents[indexPaths.index]) {
    throw new Problem('run/sharded', `run ${id} comes in parts: reproduce each of them, their ids are in its \`parts\``)
  }
}
