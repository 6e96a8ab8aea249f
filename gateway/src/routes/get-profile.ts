import { getProfile } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import { namesEtag } from '../etag.ts'
import type { Route } from '../route.ts'
import { found } from './found.ts'
import { profileEtag } from './open-profile.ts'

/** GET /export/profiles/{id}: 200 Profile · 304 with `If-None-Match` · 404 resource/not-found */
export function getProfileRoute({ readTenant }: Pick<GatewayDeps, 'readTenant'>): Route<'getProfile'> {
  return async (c, { params: { id }, headers }) => {
    const { tenantId } = c.get('caller')
    const profile = found(await readTenant(tenantId, (tx) => getProfile(tx, { tenantId, id })), 'profile', id)
    const etag = profileEtag(profile)
    if (namesEtag(headers['if-none-match'] ?? '', etag, { weak: true })) return c.body(null, 304, { etag })
    return c.json(profile, 200, { etag })
  }
}
