import { profileId } from '@stella/core'
import { createProfile } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'
import { profileEtag } from './open-profile.ts'
import { requireOwnTenant } from './require-own-tenant.ts'

/** POST /export/profiles: 201 Profile · 400 request/invalid · 409 resource/conflict where its name is taken */
export function createProfileRoute({ inTenant }: Pick<GatewayDeps, 'inTenant'>): Route<'createProfile'> {
  return async (c, { body }) => {
    const { tenantId, subject } = c.get('caller')
    requireOwnTenant(body.config.filters, tenantId)
    const id = profileId(body.name)
    const created = await inTenant(tenantId, (tx) =>
      createProfile(tx, { tenantId, id, profile: body, createdBy: subject }),
    )
    return c.json(created, 201, { location: `/export/profiles/${id}`, etag: profileEtag(created) })
  }
}
