import { type NewProfile, newProfile } from '@stella/contracts'
import { canonicalJson, type Json, mergePatch } from '@stella/core'
import { reviseProfile } from '@stella/db'
import { z } from 'zod'

import { recordAction } from '../audit/record-action.ts'
import type { GatewayDeps } from '../deps.ts'
import { parsed } from '../middleware/parsed.ts'
import type { Route } from '../route.ts'
import { openProfile, profileEtag } from './open-profile.ts'
import { requireOwnTenant } from './require-own-tenant.ts'
import { requireWrappingKey } from './require-wrapping-key.ts'

/**
 * PATCH /export/profiles/{id}: 200 Profile in a new revision, or in the same where nothing changes, which leaves no audit entry · 400 request/invalid ·
 * 404 resource/not-found · 412 request/precondition-failed · 428 request/precondition-required · 503 kms/unavailable
 */
export function changeProfileRoute(deps: Pick<GatewayDeps, 'inTenant' | 'wrappingKms'>): Route<'changeProfile'> {
  return async (c, { params: { id }, headers, body }) => {
    const { tenantId, subject } = c.get('caller')
    // Before the transaction, which is not to wait for a KMS: a key that the patch does not name was looked at when it came.
    await requireWrappingKey(deps, { tenantId, name: wrappingKeyIn(body) })
    const profile = await deps.inTenant(tenantId, async (tx) => {
      const current = await openProfile(tx, { tenantId, id, ifMatch: headers['if-match'] })
      const { name, kind, variant } = current
      const patched = mergePatch({ name, kind, variant, config: current.config as Json }, body as Json)
      const { config }: NewProfile = parsed(newProfile, patched, 'the profile with its changes')
      requireOwnTenant(config.filters, tenantId)
      if (canonicalJson(config as Json) === canonicalJson(current.config as Json)) return current
      await recordAction(c, tx, `/export/profiles/${id}`)
      return reviseProfile(tx, { tenantId, id, after: current, config, createdBy: subject })
    })
    return c.json(profile, 200, { etag: profileEtag(profile) })
  }
}

/** The KMS key that a patch names. What else it says is judged with the profile that it makes. */
function wrappingKeyIn(patch: { readonly config?: unknown }): string | undefined {
  const { data } = z.object({ encryption: z.object({ kms_key: z.string() }) }).safeParse(patch.config)
  return data?.encryption.kms_key
}
