import { isWhole, PLAN_PREVIEW_MS, type PlanPreview } from '@stella/contracts'
import { getProfile, limitStatements, planScope } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'
import { found } from './found.ts'
import { mergedFilters } from './merged-filters.ts'
import { requireOwnTenant } from './require-own-tenant.ts'

/**
 * POST /export/plans: 200 what a run would hold if it were planned now · 400 request/invalid · 404 resource/not-found without its profile ·
 * 422 plan/too-large · 503 db/timeout
 */
export function previewPlanRoute({ readTenant }: Pick<GatewayDeps, 'readTenant'>): Route<'previewPlan'> {
  return async (c, { body: { profile_id: id, filters: asked } }) => {
    const { tenantId } = c.get('caller')
    requireOwnTenant(asked, tenantId)
    const preview = await readTenant(tenantId, async (tx): Promise<PlanPreview> => {
      const profile = id === undefined ? null : found(await getProfile(tx, { tenantId, id }), 'profile', id)
      const filters = mergedFilters(profile, asked)
      await limitStatements(tx, PLAN_PREVIEW_MS)
      const sharding = profile?.config.sharding
      const toPlan = {
        tenantId,
        filters,
        sharding,
        ...(profile && { isWhole: isWhole(profile), withDocuments: profile.kind === 'mirror' }),
      }
      const { scope, counts, estimatedBytes, shards, parts } = await planScope(tx, toPlan)
      return {
        profile_id: profile?.id ?? null,
        profile_revision: profile?.revision ?? null,
        filters,
        ledger_revision: scope.ledgerRevision,
        counts,
        estimated_bytes: estimatedBytes,
        shards: shards.length,
        parts: parts?.length ?? null,
      }
    })
    return c.json(preview)
  }
}
