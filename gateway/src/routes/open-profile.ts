import { Problem, type Profile } from '@stella/contracts'
import { getProfileToChange, type Transaction } from '@stella/db'

import { namesEtag } from '../etag.ts'
import { found } from './found.ts'

/** ETag of a profile: its revision, since a revision never changes, and no revision of an id comes twice. */
export function profileEtag({ revision }: Profile): string {
  return `"${revision}"`
}

/**
 * A profile that its caller saw in its newest revision, to be changed in this transaction.
 * @throws `resource/not-found` · `request/precondition-failed` where `ifMatch` does not name the newest revision
 */
export async function openProfile(
  tx: Transaction,
  { tenantId, id, ifMatch }: { tenantId: string; id: string; ifMatch: string },
): Promise<Profile> {
  const profile = found(await getProfileToChange(tx, { tenantId, id }), 'profile', id)
  if (namesEtag(ifMatch, profileEtag(profile), { weak: false })) return profile
  throw new Problem(
    'request/precondition-failed',
    `the profile ${id} is in revision ${profile.revision}, which If-Match does not name: read it again`,
  )
}
