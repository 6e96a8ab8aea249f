import { isFinal } from '@stella/contracts'
import { runOfStagingKey, STAGING } from '@stella/core'
import { runStates } from '@stella/db'

import { removeWorkOf } from '../run/remove-work.ts'
import type { SweepDeps } from './sweep.ts'

/** Blobs looked at in one sweep; the next sweep goes on. */
const PAGE_BLOBS = 1000

/**
 * Removes what runs that have ended left behind: a cancelled or failed run leaves nothing.
 * @returns the key to go on after, or null where all was looked at
 */
export async function removeLeftovers(
  deps: Pick<SweepDeps, 'database' | 'inTenant' | 'blobs'>,
  after: string | null,
): Promise<string | null> {
  const page = await deps.blobs.list(STAGING, { limit: PAGE_BLOBS, ...(after === null ? {} : { after }) })
  const staged = page.map(({ key }) => runOfStagingKey(key)?.runId).filter((id) => id !== undefined)
  for (const { tenantId, id, state } of await runStates(deps.database, [...new Set(staged)])) {
    if (isFinal(state)) await removeWorkOf(deps, { tenantId, runId: id })
  }
  return page.length < PAGE_BLOBS ? null : (page.at(-1)?.key ?? null)
}
