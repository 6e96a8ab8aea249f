import { isFinal, type Job, type JobMessage, Problem, profileConfig } from '@stella/contracts'
import { exportMembers, type Plan, type RunIdentity } from '@stella/core'
import { beginSealing, listShards, type OpenRun, openRun, sealRun } from '@stella/db'

import type { WorkerDeps } from '../deps.ts'
import { requirePlan } from '../plan/require-plan.ts'
import { removeWorkOf } from '../run/remove-work.ts'
import { startNext } from '../run/start-next.ts'
import { whileWanted } from '../run/while-wanted.ts'
import { hashMembers } from './hash-members.ts'
import { signedIndex } from './index-documents.ts'
import { requireReproduced } from './require-reproduced.ts'
import { sealedDocuments } from './sealed-documents.ts'
import { storeBundle } from './store-bundle.ts'

/** What sealing uses. */
export type SealDeps = Pick<
  WorkerDeps,
  | 'inTenant'
  | 'evidence'
  | 'blobs'
  | 'bus'
  | 'kms'
  | 'wrappingKms'
  | 'mappings'
  | 'runLimits'
  | 'metrics'
  | 'builderVersion'
  | 'now'
  | 'newId'
  | 'log'
>

/**
 * seal: manifest, provenance, signatures and the bundle of a run whose shards are all written; of a run in parts, once all are sealed,
 * their index. One row update at the very end makes the bundle visible. After a part follows the run that it is a part of.
 * Runs twice safely, also at once: the run's times were recorded at the first attempt, each attempt stores apart, one becomes visible.
 * @throws `run/not-reproducible` · `kms/…` · `blob/…` · `native/io` · `native/cancelled`
 */
export async function sealStep(
  deps: SealDeps,
  { tenantId, runId }: JobMessage<'seal'>,
  signal: AbortSignal,
): Promise<Job[]> {
  const begun = await deps.inTenant(tenantId, (tx) => beginSealing(tx, { tenantId, runId }))
  const run = await deps.inTenant(tenantId, (tx) => openRun(tx, { tenantId, runId }))
  if (run === null || (!begun && !isFinal(run.state))) return []

  if (begun) await whileWanted(deps, { tenantId, runId, signal, work: (wanted) => seal(deps, run, wanted) })
  await startNext(deps, { tenantId, runId })
  await removeWorkOf(deps, { tenantId, runId })
  const { partOf } = run
  if (partOf === null) return []
  return [{ step: 'seal', message: { tenantId, runId: partOf }, dedupeId: `${partOf}/seal/${runId}` }]
}

async function seal(deps: SealDeps, run: OpenRun, signal: AbortSignal): Promise<void> {
  const { tenantId, id: runId, planId } = run
  const plan = await deps.inTenant(tenantId, (tx) => requirePlan(tx, { tenantId, planId }))
  const { members, documents, contentRoot } = plan.parts
    ? { members: [], ...(await sealIndex(deps, run, plan)) }
    : await sealFiles(deps, { run, plan }, signal)

  const sealed = await storeBundle(
    deps,
    { plan, runId, attempt: deps.newId(), members, documents, contentRoot },
    signal,
  )
  // A profile that was stored before there was retention takes its defaults.
  const { retention } = profileConfig.parse(run.profile.config)
  const visible = await deps.inTenant(tenantId, (tx) => sealRun(tx, { tenantId, runId, sealed, retention }))
  if (!visible) return
  deps.metrics.runSealed({
    tenantId,
    profileId: run.profileId,
    bytes: sealed.bundle.size,
    // The records of a run in parts were counted with its parts.
    records: plan.parts ? {} : plan.counts,
    durationMs: deps.now().getTime() - Date.parse(identityOf(run).startedAt),
  })
}

async function sealFiles(deps: SealDeps, { run, plan }: { run: OpenRun; plan: Plan }, signal: AbortSignal) {
  const { tenantId, id: runId } = run
  const { shards, original } = await deps.inTenant(tenantId, async (tx) => ({
    shards: await listShards(tx, { tenantId, runId }),
    original: run.reproduces === null ? null : await openRun(tx, { tenantId, runId: run.reproduces }),
  }))
  const members = await hashMembers(deps, exportMembers(shards), signal)
  const identity = identityOf(original ?? run)
  const sealed = await sealedDocuments(deps, { plan, shards, members, identity })
  if (original) await requireReproduced(deps, original, sealed.documents)
  return { members, ...sealed }
}

async function sealIndex(deps: SealDeps, run: OpenRun, plan: Plan) {
  const { sharding } = plan.profile.config
  if (!sharding) throw new Problem('ledger/changed', `run ${run.id} has parts, and a profile without sharding`)
  return signedIndex(deps, { plan, sharding, runId: run.id, identity: identityOf(run) })
}

function identityOf({ id, trigger, startedAt, finishedAt, previous }: OpenRun): RunIdentity {
  if (startedAt === null || finishedAt === null)
    throw new Problem('ledger/changed', `run ${id} is sealed without its times`)
  return { id, trigger, startedAt, finishedAt, previous }
}
