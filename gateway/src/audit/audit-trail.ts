import {
  ANONYMOUS_REFUSALS,
  type Endpoint,
  INSTALLATION_CHAIN,
  MAX_REFUSED_TENANTS,
  type Problem,
  problems,
  TENANT_REFUSALS,
} from '@stella/contracts'
import { recordAudit } from '@stella/db'
import type { Context, MiddlewareHandler } from 'hono'

import type { Caller, GatewayDeps, GatewayEnv } from '../deps.ts'
import { httpProblem } from '../problem-response.ts'
import { knownRoles } from './known-roles.ts'
import { RefusalQuota } from './refusal-quota.ts'

/** The middleware of one endpoint. */
export type AuditTrail = (endpoint: Endpoint) => MiddlewareHandler<GatewayEnv>

type TrailDeps = Pick<GatewayDeps, 'inTenant' | 'now' | 'log'>

/** Answers that are about who asks: of any endpoint they are recorded. What a good request of an audited endpoint fails with is, too. */
const refusals: readonly number[] = [401, 403, 404, 429]
const MAX_RESOURCE_CHARS = 256

/**
 * Records in the audit log what a request of an endpoint was refused or failed with (specification 12.3), before the answer
 * goes out. Without a good token the tenant is not known: such go into the chain of the installation. Both are bounded.
 */
export function auditTrail(deps: TrailDeps): AuditTrail {
  const quota = new RefusalQuota(MAX_REFUSED_TENANTS)
  return ({ role, audit }) =>
    async (c, next) => {
      c.set('auditAction', audit)
      await next()
      if (c.error === undefined || role === null) return
      const problem = httpProblem(c.error)
      if (audit !== undefined || refusals.includes(problems[problem.code].status)) await record(deps, quota, c, problem)
    }
}

async function record(deps: TrailDeps, quota: RefusalQuota, c: Context<GatewayEnv>, problem: Problem): Promise<void> {
  const caller: Caller | undefined = c.get('caller')
  const chain = caller?.tenantId ?? INSTALLATION_CHAIN
  const taken = quota.take(chain, caller ? TENANT_REFUSALS : ANONYMOUS_REFUSALS, deps.now().getTime())
  if (taken === null) return
  const fact = {
    tenantId: chain,
    actor: caller?.subject ?? null,
    roles: knownRoles(caller?.roles ?? []),
    action: c.get('auditAction') ?? ('access.refused' as const),
    resource: new URL(c.req.url).pathname.slice(0, MAX_RESOURCE_CHARS),
    outcome: refusals.includes(problems[problem.code].status) ? ('refused' as const) : ('failed' as const),
    code: problem.code,
    requestId: c.get('requestId'),
    omitted: taken.omitted,
  }
  try {
    await deps.inTenant(chain, (tx) => recordAudit(tx, fact))
  } catch (error) {
    quota.giveBack(chain, taken.omitted + 1)
    // It is refused all the same: what cannot be recorded, the log of this process has.
    deps.log({ message: 'a refusal was not recorded', ...fact, cause: String(error) })
  }
}
