import { kindOfGroup, RANGE_RECORDS, recordGroups, SHARD_DOCUMENTS } from '@stella/contracts'
import { cutShards, type GroupExtent, type KindExtent, type Plan, type Scope } from '@stella/core'
import { kindExtent, ledgerHead, type OpenRun, openRun, type Transaction } from '@stella/db'

import { cutParts } from './cut-parts.ts'
import { requirePlan } from './require-plan.ts'

/**
 * The plan of a run, read in one transaction: what its filters take of the ledger at its newest revision; for a part, at the revision of
 * the run that it is a part of. Where it estimates more bytes than the profile allows one bundle, a plan of parts.
 * @throws `plan/too-large`
 */
export async function makePlan(tx: Transaction, run: OpenRun): Promise<Plan> {
  const { tenantId, profile, filters, planId } = run
  const { revision, time } = await revisionOf(tx, run)
  const scope: Scope = { tenantId, ledgerRevision: revision, filters }
  const extents: (KindExtent & GroupExtent)[] = []
  const counts = { advisories: 0, vex: 0, sboms: 0 }
  for (const group of filters.include ?? recordGroups) {
    const kind = kindOfGroup[group]
    const rangeRecords = kind === 'sbom' ? SHARD_DOCUMENTS : RANGE_RECORDS
    const extent = await kindExtent(tx, { scope, kind, rangeRecords })
    extents.push({ group, ...extent })
    counts[group] = extent.records
  }
  const estimatedBytes = extents.reduce((sum, extent) => sum + extent.bytes, 0)
  const plan = { id: planId, scope, ledgerTime: time, profile, counts, estimatedBytes }
  const { sharding } = profile.config
  if (!sharding || run.partOf !== null || estimatedBytes <= sharding.max_bytes)
    return { ...plan, shards: cutShards(extents) }
  return { ...plan, shards: [], parts: await cutParts(tx, { scope, sharding, groups: extents }) }
}

async function revisionOf(tx: Transaction, { tenantId, partOf }: OpenRun): Promise<{ revision: number; time: string }> {
  const whole = partOf === null ? null : await openRun(tx, { tenantId, runId: partOf })
  if (whole === null) return ledgerHead(tx, { tenantId })
  const { scope, ledgerTime } = await requirePlan(tx, { tenantId, planId: whole.planId })
  return { revision: scope.ledgerRevision, time: ledgerTime }
}
