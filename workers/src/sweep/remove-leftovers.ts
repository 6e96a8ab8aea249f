import { isFinal } from '@stella/contracts'
import { runOfStagingKey, STAGING } from '@stella/core'
import { runStates } from '@stella/db'

import { eachApart } from '../each-apart.ts'
import { removeWorkOf } from '../run/remove-work.ts'
import { pageOfBlobs } from './page-of-blobs.ts'
import type { SweepDeps } from './sweep.ts'

/**
 * Removes what runs that have ended left behind: a cancelled or failed run leaves nothing.
 * @returns the key to go on after, or null where all was looked at
 */
export async function removeLeftovers(
  deps: Pick<SweepDeps, 'database' | 'inTenant' | 'blobs' | 'log'>,
  after: string | null,
): Promise<string | null> {
  const { page, next } = await pageOfBlobs(deps.blobs, STAGING, after)
  const staged = page.map(({ key }) => runOfStagingKey(key)?.runId).filter((id) => id !== undefined)
  const runs = await runStates(deps.database, [...new Set(staged)])
  await eachApart(deps.log, {
    items: runs.filter(({ state }) => isFinal(state)),
    work: ({ tenantId, id: runId }) => removeWorkOf(deps, { tenantId, runId }),
    failed: ({ id }) => ({ message: 'what a run left cannot be removed; a later sweep tries again', run_id: id }),
  })
  return next
}
