import { isFinal, type Job, type JobMessage, Problem } from '@stella/contracts'
import { exportMembers, type RunIdentity } from '@stella/core'
import { beginSealing, listShards, type OpenRun, openRun, sealRun } from '@stella/db'

import type { WorkerDeps } from '../deps.ts'
import { requirePlan } from '../plan/require-plan.ts'
import { announce } from '../run/announce.ts'
import { removeWorkOf } from '../run/remove-work.ts'
import { startNext } from '../run/start-next.ts'
import { whileWanted } from '../run/while-wanted.ts'
import { hashMembers } from './hash-members.ts'
import { requireReproduced } from './require-reproduced.ts'
import { sealedDocuments } from './sealed-documents.ts'
import { storeBundle } from './store-bundle.ts'

/** What sealing uses. */
export type SealDeps = Pick<
  WorkerDeps,
  'inTenant' | 'blobs' | 'bus' | 'kms' | 'mappings' | 'runLimits' | 'builderVersion' | 'now' | 'newId' | 'log'
>

/**
 * seal: manifest, provenance, signatures and the bundle of a run whose shards are all written. One row update at the very end
 * makes the bundle visible.
 * Runs twice safely, also at once: the run's times were recorded at the first attempt, each attempt stores apart, one becomes visible.
 * @throws `run/not-reproducible` · `kms/refused` · `blob/…` · `native/io` · `native/cancelled`
 */
export async function sealStep(
  deps: SealDeps,
  { tenantId, runId }: JobMessage<'seal'>,
  signal: AbortSignal,
): Promise<Job[]> {
  const begun = await deps.inTenant(tenantId, (tx) => beginSealing(tx, { tenantId, runId }))
  const run = await deps.inTenant(tenantId, (tx) => openRun(tx, { tenantId, runId }))
  if (run === null || (!begun && !isFinal(run.state))) return []

  if (begun) {
    await announce(deps, { tenantId, runId, state: 'sealing' })
    await whileWanted(deps, { tenantId, runId, signal, work: (wanted) => seal(deps, run, wanted) })
  }
  await startNext(deps, { tenantId, runId })
  await removeWorkOf(deps, { tenantId, runId })
  return []
}

async function seal(deps: SealDeps, run: OpenRun, signal: AbortSignal): Promise<void> {
  const { tenantId, id: runId, planId } = run
  const { plan, shards, original } = await deps.inTenant(tenantId, async (tx) => ({
    plan: await requirePlan(tx, { tenantId, planId }),
    shards: await listShards(tx, { tenantId, runId }),
    original: run.reproduces === null ? null : await openRun(tx, { tenantId, runId: run.reproduces }),
  }))
  const members = await hashMembers(deps, exportMembers(shards), signal)
  const { documents, contentRoot } = await sealedDocuments(deps, {
    plan,
    shards,
    members,
    identity: identityOf(original ?? run),
  })
  if (original) await requireReproduced(deps, original, documents)

  const sealed = await storeBundle(
    deps,
    { plan, runId, attempt: deps.newId(), members, documents, contentRoot },
    signal,
  )
  const visible = await deps.inTenant(tenantId, (tx) => sealRun(tx, { tenantId, runId, sealed }))
  if (visible) await announce(deps, { tenantId, runId, state: 'succeeded' })
}

function identityOf({ id, trigger, startedAt, finishedAt }: OpenRun): RunIdentity {
  if (startedAt === null || finishedAt === null)
    throw new Problem('ledger/changed', `run ${id} is sealed without its times`)
  return { id, trigger, startedAt, finishedAt }
}
