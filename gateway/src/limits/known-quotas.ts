import { MAX_KNOWN, type Profile } from '@stella/contracts'
import type { ProfileId } from '@stella/db'

import { BoundedMap } from '../bounded-map.ts'
import type { ProfileQuota } from './rate-limit.ts'

/**
 * Quotas of profiles as their last runs found them, so that a run is counted before its transaction without another one that reads the
 * profile. What a change of the profile made of its quota holds from the second run after it.
 */
export class KnownQuotas {
  readonly #quotas = new BoundedMap<ProfileQuota>(MAX_KNOWN)

  get(profile: ProfileId): ProfileQuota | undefined {
    return this.#quotas.get(keyOf(profile))
  }

  /** Keeps the quota of a profile as it was read, and answers it; of one that is not there, forgets it. */
  keep(named: ProfileId, profile: Profile | null): ProfileQuota | undefined {
    if (profile === null) {
      this.#quotas.delete(keyOf(named))
      return undefined
    }
    const quota = { id: profile.id, runsPerMinute: profile.config.limits?.runs_per_minute }
    this.#quotas.set(keyOf(named), quota)
    return quota
  }
}

function keyOf({ tenantId, id }: ProfileId): string {
  return `${tenantId}/${id}`
}
