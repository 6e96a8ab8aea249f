import { profileId } from '@stella/core'
import { createProfile } from '@stella/db'

import { recordAction } from '../audit/record-action.ts'
import { answeredBefore, createOnce } from '../create-once.ts'
import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'
import { profileEtag } from './open-profile.ts'
import { requireOwnTenant } from './require-own-tenant.ts'
import { requireWrappingKey } from './require-wrapping-key.ts'

/** POST /export/profiles: 201 Profile · 400 request/invalid · 409 resource/conflict where its name is taken · 503 kms/unavailable */
export function createProfileRoute(
  deps: Pick<GatewayDeps, 'inTenant' | 'readTenant' | 'wrappingKms'>,
): Route<'createProfile'> {
  return async (c, { headers, body: asked }) => {
    const { tenantId, subject } = c.get('caller')
    requireOwnTenant(asked.config.filters, tenantId)
    const request = { tenantId, key: headers['idempotency-key'], asked: { createProfile: asked } }
    const before = await answeredBefore(deps, request)
    if (before) return before
    await requireWrappingKey(deps, { tenantId, name: asked.config.encryption?.kms_key })
    const id = profileId(asked.name)
    const { answer } = await createOnce(deps, request, async (tx) => {
      await recordAction(c, tx, `/export/profiles/${id}`)
      const body = await createProfile(tx, { tenantId, id, profile: asked, createdBy: subject })
      return { status: 201, headers: { location: `/export/profiles/${id}`, etag: profileEtag(body) }, body }
    })
    return answer
  }
}
