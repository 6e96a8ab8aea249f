import { isFinal } from '@stella/contracts'
import { attemptOfKey, attemptPrefix, sealedPrefix, stagingPrefix } from '@stella/core'
import { openRun } from '@stella/db'

import type { WorkerDeps } from '../deps.ts'

/**
 * Removes all that a run which has ended left in the blob store, save what its row names: staging, and what attempts stored that were
 * killed or came second. Does nothing to a run that goes on. Staging goes last, since by it the sweep finds a run with leftovers.
 */
export async function removeWorkOf(
  { inTenant, blobs }: Pick<WorkerDeps, 'inTenant' | 'blobs'>,
  { tenantId, runId }: { tenantId: string; runId: string },
): Promise<void> {
  const run = await inTenant(tenantId, (tx) => openRun(tx, { tenantId, runId }))
  if (run === null || !isFinal(run.state)) return

  const attempts = new Set((await blobs.list(sealedPrefix(tenantId, runId))).map(({ key }) => attemptOfKey(key)))
  for (const attempt of attempts) {
    if (attempt !== run.sealed?.attempt) await blobs.removeAll(attemptPrefix(tenantId, runId, attempt))
  }
  await blobs.removeAll(stagingPrefix(tenantId, runId))
}
