import { deleteProfile } from '@stella/db'

import { recordAction } from '../audit/record-action.ts'
import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'
import { openProfile } from './open-profile.ts'

/**
 * DELETE /export/profiles/{id}: 204 · 404 resource/not-found · 412 request/precondition-failed ·
 * 428 request/precondition-required. Runs keep the revision that they were made after.
 */
export function deleteProfileRoute({ inTenant }: Pick<GatewayDeps, 'inTenant'>): Route<'deleteProfile'> {
  return async (c, { params: { id }, headers }) => {
    const { tenantId, subject } = c.get('caller')
    await inTenant(tenantId, async (tx) => {
      const after = await openProfile(tx, { tenantId, id, ifMatch: headers['if-match'] })
      await recordAction(c, tx, `/export/profiles/${id}`)
      await deleteProfile(tx, { tenantId, id, after, createdBy: subject })
    })
    return c.body(null, 204)
  }
}
