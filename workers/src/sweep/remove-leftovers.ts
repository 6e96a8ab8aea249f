import { isFinal } from '@stella/contracts'
import { runOfStagingKey, STAGING, sealedPrefix, stagingPrefix } from '@stella/core'
import { runStates } from '@stella/db'

import type { SweepDeps } from './sweep.ts'

/** Blobs looked at in one sweep; the next sweep goes on. */
const PAGE_BLOBS = 1000

/**
 * Removes the staging of runs that have ended, and what is sealed of those that did not succeed: a cancelled or failed run leaves
 * nothing. Staging goes last, since it is by its staging that a run with leftovers is found.
 * @returns the key to go on after, or null where all was looked at
 */
export async function removeLeftovers(
  { database, blobs }: Pick<SweepDeps, 'database' | 'blobs'>,
  after: string | null,
): Promise<string | null> {
  const page = await blobs.list(STAGING, { limit: PAGE_BLOBS, ...(after === null ? {} : { after }) })
  const staged = new Map<string, string>()
  for (const { key } of page) {
    const owner = runOfStagingKey(key)
    if (owner) staged.set(owner.runId, owner.tenantId)
  }
  for (const { id, state } of await runStates(database, [...staged.keys()])) {
    const tenantId = staged.get(id)
    if (!tenantId || !isFinal(state)) continue
    if (state !== 'succeeded' && state !== 'expired') await blobs.removeAll(sealedPrefix(tenantId, id))
    await blobs.removeAll(stagingPrefix(tenantId, id))
  }
  return page.length < PAGE_BLOBS ? null : (page.at(-1)?.key ?? null)
}
