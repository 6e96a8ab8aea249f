import { isFinal } from '@stella/contracts'
import { attemptOfKey, attemptPrefix, sealedPrefix, stagingPrefix } from '@stella/core'
import { openRun } from '@stella/db'

import type { WorkerDeps } from '../deps.ts'

/**
 * Removes all that a run which has ended left in the blob store, save what its row names: staging, and what attempts stored that were
 * killed or came second. Does nothing to a run that goes on. Staging goes last, since by it the sweep finds a run with leftovers. What an
 * attempt stores after this, `removeStrays` finds.
 */
export async function removeWorkOf(
  { inTenant, blobs }: Pick<WorkerDeps, 'inTenant' | 'blobs'>,
  { tenantId, runId }: { tenantId: string; runId: string },
): Promise<void> {
  const run = await inTenant(tenantId, (tx) => openRun(tx, { tenantId, runId }))
  if (run === null || !isFinal(run.state)) return

  const stored = await blobs.list(sealedPrefix(tenantId, runId))
  for (const attempt of new Set(stored.map(({ key }) => attemptOfKey(key)?.attempt))) {
    if (attempt !== undefined && attempt !== run.sealed?.attempt) {
      await blobs.removeAll(attemptPrefix(tenantId, runId, attempt))
    }
  }
  await blobs.removeAll(stagingPrefix(tenantId, runId))
}
