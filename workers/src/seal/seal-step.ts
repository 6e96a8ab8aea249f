import { isFinal, type Job, type JobMessage, Problem } from '@stella/contracts'
import { exportMembers, type RunIdentity, sealedPrefix, stagingPrefix } from '@stella/core'
import { beginSealing, listShards, type OpenRun, openRun, sealRun } from '@stella/db'

import type { WorkerDeps } from '../deps.ts'
import { requirePlan } from '../plan/require-plan.ts'
import { announce } from '../run/announce.ts'
import { whileWanted } from '../run/while-wanted.ts'
import { hashMembers } from './hash-members.ts'
import { requireReproduced } from './require-reproduced.ts'
import { sealedDocuments } from './sealed-documents.ts'
import { storeBundle } from './store-bundle.ts'

/** What sealing uses. */
export type SealDeps = Pick<
  WorkerDeps,
  'inTenant' | 'blobs' | 'bus' | 'kms' | 'mappings' | 'builderVersion' | 'now' | 'log'
>

/**
 * seal: manifest, provenance, signatures and the bundle of a run whose shards are all written. One row update at the very end
 * makes the bundle visible.
 * Runs twice safely: the run's times were recorded at the first attempt, and what an attempt leaves is removed.
 * @throws `run/not-reproducible` · `kms/refused` · `blob/…` · `native/io` · `native/cancelled`
 */
export async function sealStep(
  deps: SealDeps,
  { tenantId, runId }: JobMessage<'seal'>,
  signal: AbortSignal,
): Promise<Job[]> {
  const run = await deps.inTenant(tenantId, async (tx) =>
    (await beginSealing(tx, { tenantId, runId })) ? openRun(tx, { tenantId, runId }) : null,
  )
  if (run === null) return []

  await announce(deps, { tenantId, runId, state: 'sealing' })
  await whileWanted(deps, { tenantId, runId, signal, work: (wanted) => seal(deps, run, wanted) })
  await deps.blobs.removeAll(stagingPrefix(tenantId, runId))
  return []
}

async function seal(deps: SealDeps, run: OpenRun, signal: AbortSignal): Promise<void> {
  const { tenantId, id: runId, planId } = run
  // A killed attempt may have stored a bundle under another signature.
  await deps.blobs.removeAll(sealedPrefix(tenantId, runId))
  const { plan, shards, original } = await deps.inTenant(tenantId, async (tx) => ({
    plan: await requirePlan(tx, { tenantId, planId }),
    shards: await listShards(tx, { tenantId, runId }),
    original: run.reproduces === null ? null : await openRun(tx, { tenantId, runId: run.reproduces }),
  }))
  const members = await hashMembers(deps, exportMembers(shards))
  const documents = await sealedDocuments(deps, { plan, shards, members, identity: identityOf(original ?? run) })
  if (original) await requireReproduced(deps, original, documents)

  const sealed = await storeBundle(deps, { plan, runId, members, documents }, signal)
  const visible = await deps.inTenant(tenantId, (tx) => sealRun(tx, { tenantId, runId, sealed }))
  if (visible) return announce(deps, { tenantId, runId, state: 'succeeded' })

  const now = await deps.inTenant(tenantId, (tx) => openRun(tx, { tenantId, runId }))
  if (now === null || (isFinal(now.state) && now.state !== 'succeeded'))
    await deps.blobs.removeAll(sealedPrefix(tenantId, runId))
}

function identityOf({ id, trigger, startedAt, finishedAt }: OpenRun): RunIdentity {
  if (startedAt === null || finishedAt === null)
    throw new Problem('ledger/changed', `run ${id} is sealed without its times`)
  return { id, trigger, startedAt, finishedAt }
}
