import { isWhole } from '@stella/contracts'
import { countsOf, cutShards, type Plan, type Scope, wholeShard } from '@stella/core'
import { type BucketQuery, cutParts, type EcosystemQuery, type OpenRun } from '@stella/db'

import type { Evidence } from '../evidence/evidence.ts'

/**
 * The plan of a run: what its filters take of the ledger at its newest revision; for a part, at the revision of `whole`, the plan of the
 * run that it is a part of. Where it estimates more bytes than the profile allows one bundle, a plan of parts.
 * @throws `plan/too-large` · what the evidence throws
 */
export async function makePlan(evidence: Evidence, run: OpenRun, whole: Plan | null): Promise<Plan> {
  const { tenantId, profile, filters, planId } = run
  const withDocuments = profile.kind === 'mirror'
  const survey = await evidence.survey({ tenantId, filters, withDocuments, as: whole })
  const { ledger, revision, time, extents } = survey
  const scope: Scope = { tenantId, ledgerRevision: revision, filters }
  const counts = countsOf(extents)
  const estimatedBytes = extents.reduce((sum, { bytes }) => sum + bytes, 0)
  const read = { ledgerTime: time, ...(ledger === null ? {} : { evidence: ledger }) }
  const plan = { id: planId, scope, ...read, profile, counts, estimatedBytes }
  const { sharding } = profile.config
  if (!sharding || run.partOf !== null || estimatedBytes <= sharding.max_bytes)
    return { ...plan, shards: isWhole(profile) ? wholeShard(extents) : cutShards(extents) }
  const places = {
    times: (query: BucketQuery) => evidence.times(query, survey),
    ecosystems: (query: EcosystemQuery) => evidence.ecosystems(query, survey),
  }
  return { ...plan, shards: [], parts: await cutParts(places, { scope, sharding, groups: extents, withDocuments }) }
}
