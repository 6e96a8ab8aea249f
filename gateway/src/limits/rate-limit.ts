import { Problem, RATE_WINDOW_SECONDS } from '@stella/contracts'
import type { Context, MiddlewareHandler } from 'hono'

import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import { rateLimitHeaders } from './rate-limit-headers.ts'
import type { Quota } from './token-leases.ts'

/** How many requests and runs a window allows, where a profile does not say. */
export interface RateSettings {
  readonly tenantRequests: number
  readonly profileRuns: number
}

/** How many runs of a profile a minute allows; where it does not say, the settings do. */
export interface ProfileQuota {
  readonly id: string
  readonly runsPerMinute: number | undefined
}

type RateDeps = Pick<GatewayDeps, 'rates' | 'leases'>

/** Counts each request of a caller against its tenant, and tells on the answer what is left of every quota that it was counted against. */
export function rateLimited(deps: RateDeps): [MiddlewareHandler<GatewayEnv>, MiddlewareHandler<GatewayEnv>] {
  return [
    async (c, next) => {
      await next()
      const quotas = c.get('quotas')
      if (quotas === undefined) return
      for (const [name, value] of Object.entries(rateLimitHeaders(quotas))) c.res.headers.set(name, value)
    },
    async (c, next) => {
      const caller = c.get('caller')
      if (caller) await spend(c, deps, tenantQuota(caller.tenantId, deps.rates))
      await next()
    },
  ]
}

/** Counts a run that is to be created against its profile. @throws `limit/rate` · `db/unavailable` */
export async function spendRun(c: Context<GatewayEnv>, deps: RateDeps, profile: ProfileQuota): Promise<void> {
  const { tenantId } = c.get('caller')
  const tokens = profile.runsPerMinute ?? deps.rates.profileRuns
  const bucket = `runs/${profile.id}`
  await spend(c, deps, { name: 'profile', tenantId, bucket, tokens, windowSeconds: RATE_WINDOW_SECONDS })
}

async function spend(c: Context<GatewayEnv>, { leases }: Pick<GatewayDeps, 'leases'>, quota: Quota): Promise<void> {
  const taken = await leases.take(quota)
  c.set('quotas', [...(c.get('quotas') ?? []), taken])
  if (taken.allowed) return
  const { name, tokens, windowSeconds } = quota
  throw new Problem(
    'limit/rate',
    `the quota of this ${name}, ${tokens} in ${windowSeconds} seconds, is spent: try again in ${taken.resetSeconds} seconds`,
  )
}

function tenantQuota(tenantId: string, { tenantRequests }: RateSettings): Quota {
  return {
    name: 'tenant',
    tenantId,
    bucket: 'requests',
    tokens: tenantRequests,
    windowSeconds: RATE_WINDOW_SECONDS,
  }
}
