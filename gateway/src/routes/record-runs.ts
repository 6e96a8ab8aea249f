import { type Filters, Problem, type Run } from '@stella/contracts'
import { type AuditFact, getProfile, type RequestedRun, recordAudit, requestRuns, type Transaction } from '@stella/db'

import type { KnownQuotas } from '../limits/known-quotas.ts'
import { basesOf, deltaFilters, isDelta } from './delta-base.ts'
import { found } from './found.ts'
import { mergedFilters } from './merged-filters.ts'

/** A run of a profile that a request asks for, and what the audit log is told when it is recorded. */
export interface AskedRun {
  readonly tenantId: string
  readonly id: string
  readonly planId: string
  readonly profileId: string
  readonly filters: Filters | undefined
  /** Of a delta: the run that it is to be for. */
  readonly base?: string | undefined
  readonly createdBy: string
  readonly action: AuditFact
}

/**
 * Records runs of one tenant and their entries in the audit log. Of each the run, or why it is not to be:
 * `resource/not-found` without its profile · `request/invalid` where its filters and those of the profile contradict each other · what
 * `deltaFilters` throws
 */
export async function recordRuns(
  tx: Transaction,
  quotas: KnownQuotas,
  asked: readonly AskedRun[],
): Promise<(Run | Error)[]> {
  const profileOf = await profilesOf(tx, quotas, asked)
  const baseOf = await basesOf(tx, asked)
  const judged = asked.map((one) => requestOf(one, profileOf, baseOf))
  const good = judged.filter((one): one is RequestedRun => !(one instanceof Error))
  const actions = asked.filter((_, at) => !(judged[at] instanceof Error)).map(({ action }) => action)
  const [made] = good.length > 0 ? await Promise.all([requestRuns(tx, good), recordAudit(tx, ...actions)]) : [[]]
  const runs = made.values()
  return judged.map((one) => (one instanceof Error ? one : (runs.next().value as Run)))
}

type BaseOf = Awaited<ReturnType<typeof basesOf>>
type ProfileOf = (profileId: string) => Awaited<ReturnType<typeof getProfile>>

async function profilesOf(tx: Transaction, quotas: KnownQuotas, asked: readonly AskedRun[]): Promise<ProfileOf> {
  const named = new Map(asked.map(({ tenantId, profileId: id }) => [id, { tenantId, id }]))
  const read = await Promise.all(
    [...named.values()].map(async (profile) => {
      const newest = await getProfile(tx, profile)
      quotas.keep(profile, newest)
      return [profile.id, newest] as const
    }),
  )
  const profiles = new Map(read)
  return (id) => profiles.get(id) ?? null
}

function requestOf(asked: AskedRun, profileOf: ProfileOf, baseOf: BaseOf): RequestedRun | Error {
  const { tenantId, id, planId, createdBy } = asked
  try {
    const profile = found(profileOf(asked.profileId), 'profile', asked.profileId)
    const { base } = asked
    const merged = mergedFilters(profile, asked.filters)
    if (!isDelta(profile) && base !== undefined) {
      throw new Problem('request/invalid', 'base_export_id: is for runs of a profile mirror:delta')
    }
    const filters = isDelta(profile) ? deltaFilters({ base, filters: merged }, baseOf) : merged
    const made = { tenantId, id, profile, filters, baseRun: base ?? null, planId, createdBy }
    return { ...made, trigger: 'manual', reproduces: null }
  } catch (refusal) {
    return refusal as Error
  }
}
