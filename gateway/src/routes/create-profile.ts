import { newProfile } from '@stella/contracts'
import { profileId } from '@stella/core'
import { createProfile } from '@stella/db'
import type { MiddlewareHandler } from 'hono'

import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import { jsonBody } from '../middleware/json-body.ts'

/** POST /export/profiles: 201 Profile · 400 request/invalid · 409 resource/conflict where its name is taken */
export function createProfileRoute({ inTenant }: Pick<GatewayDeps, 'inTenant'>): MiddlewareHandler<GatewayEnv> {
  return async (c) => {
    const { tenantId, subject } = c.get('caller')
    const asked = await jsonBody(c, newProfile)
    const id = profileId(asked.name)
    const created = await inTenant(tenantId, (tx) =>
      createProfile(tx, { tenantId, id, profile: asked, createdBy: subject }),
    )
    return c.json(created, 201, { location: `/export/profiles/${id}` })
  }
}
