import { Problem } from '@stella/contracts'
import { type AuditFact, recordAudit, type Transaction } from '@stella/db'
import type { Context } from 'hono'

import type { GatewayEnv } from '../deps.ts'
import { knownRoles } from './known-roles.ts'

/**
 * Records that the request did what its endpoint is for: call it in the transaction that does it, so that neither is there without the
 * other.
 * @param resource - path of what was made or changed, `/export/runs/run_1`
 */
export async function recordAction(c: Context<GatewayEnv>, tx: Transaction, resource: string): Promise<void> {
  await recordAudit(tx, actionOf(c, resource))
}

/** What `recordAction` records. The endpoint table names the action. */
export function actionOf(c: Context<GatewayEnv>, resource: string): AuditFact {
  const { tenantId, subject, roles } = c.get('caller')
  const action = c.get('auditAction')
  if (action === undefined) throw new Problem('internal', `the endpoint table names no audit action for ${c.req.path}`)
  return {
    tenantId,
    actor: subject,
    roles: knownRoles(roles),
    action,
    resource,
    outcome: 'succeeded',
    code: null,
    requestId: c.get('requestId'),
    omitted: 0,
  }
}
