import type { Profile, Retention } from '@stella/contracts'
import { requestRun } from '../export-runs.ts'
import { recordPlan } from '../plans.ts'
import { recordShard } from '../run-shards.ts'
import { beginPlanning, beginSealing, sealRun } from '../run-steps.ts'
import type { Sealed } from '../sealed.ts'
import type { Transaction } from '../session.ts'
import { planOf, shardOutput } from './runs.ts'

/** What a run stored. */
export const sealed: Sealed = {
  attempt: 'first',
  bundle: { sha256: 'ab'.repeat(32), size: 9 },
  documents: { 'export.json': { sha256: 'cd'.repeat(32), size: 3 } },
  contentRoot: 'sha256:ef',
}

/** Records a run that is to be made, without filters. */
export async function queueRun(
  tx: Transaction,
  { tenantId, runId }: { tenantId: string; runId: string },
  profile: Profile,
) {
  await requestRun(tx, {
    tenantId,
    id: runId,
    profile,
    filters: {},
    trigger: 'manual',
    reproduces: null,
    planId: `plan_${runId}`,
    createdBy: 'tester',
  })
}

/** Takes a queued run through every step, until it has succeeded. */
export async function completeRun(
  tx: Transaction,
  run: { tenantId: string; runId: string; planId: string },
  { profile, retention }: { profile: Profile; retention: Retention },
): Promise<void> {
  await beginPlanning(tx, run)
  await recordPlan(tx, { ...run, plan: planOf(run.tenantId, run.planId, profile, 1) })
  await recordShard(tx, { ...run, shard: 0, output: shardOutput(0) })
  await beginSealing(tx, run)
  await sealRun(tx, { ...run, retention, sealed })
}
