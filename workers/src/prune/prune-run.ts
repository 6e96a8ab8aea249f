import { sealedKey, sealedPrefix } from '@stella/core'
import { expireDocuments, expireRun, type OpenRun, openRun, type RunId, recordRemoved } from '@stella/db'

import type { WorkerDeps } from '../deps.ts'

/** What pruning uses. */
export type PruneDeps = Pick<WorkerDeps, 'database' | 'inTenant' | 'blobs' | 'now' | 'log'>

/**
 * Removes of one run what is due: first its bundle, later its documents. The row says so first, then bytes go, then the row says that they
 * are gone: whoever is stopped in between leaves a row by which the next one goes on.
 * Runs twice safely, also at once; does nothing to a run that is not due.
 * @throws `db/unavailable` · `blob/unavailable`
 */
export async function pruneRun(deps: PruneDeps, { tenantId, runId }: RunId): Promise<void> {
  const run = { tenantId, runId, now: deps.now() }
  const expiredNow = await deps.inTenant(tenantId, (tx) => expireRun(tx, run))
  if (!expiredNow) await deps.inTenant(tenantId, (tx) => expireDocuments(tx, run))

  const expired = await deps.inTenant(tenantId, (tx) => openRun(tx, run))
  if (expired?.pruned === 'removing-data') await removeData(deps, expired)
  if (expired?.pruned === 'removing-all') await removeAll(deps, expired)
}

async function removeData(
  { inTenant, blobs, log }: PruneDeps,
  { tenantId, id: runId, sealed }: OpenRun,
): Promise<void> {
  if (sealed) {
    await blobs.remove(sealedKey({ tenantId, runId, attempt: sealed.attempt, sha256: sealed.bundle.sha256 }))
  }
  await inTenant(tenantId, (tx) => recordRemoved(tx, { tenantId, runId, removing: 'removing-data' }))
  log({ message: 'a bundle was pruned', tenant_id: tenantId, run_id: runId, size: sealed?.bundle.size })
}

async function removeAll({ inTenant, blobs, log }: PruneDeps, { tenantId, id: runId }: OpenRun): Promise<void> {
  await blobs.removeAll(sealedPrefix(tenantId, runId))
  await inTenant(tenantId, (tx) => recordRemoved(tx, { tenantId, runId, removing: 'removing-all' }))
  log({ message: 'all of a run was pruned', tenant_id: tenantId, run_id: runId })
}
