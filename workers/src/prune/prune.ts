import { PRUNE_RUNS } from '@stella/contracts'
import { type PruneCursor, prunableRuns } from '@stella/db'

import { eachApart } from '../each-apart.ts'
import type { PruneDeps } from './prune-run.ts'
import { pruneRun } from './prune-run.ts'

/**
 * Removes what retention says of runs of all tenants, those due longest first, at most `PRUNE_RUNS` at a time. Runs whose bytes cannot be
 * removed keep none of the others waiting: they are tried again when all were looked at.
 * @returns the run to go on after, or null where all were looked at
 */
export async function prune(deps: PruneDeps, after: PruneCursor | null): Promise<PruneCursor | null> {
  const due = await prunableRuns(deps.database, { now: deps.now(), after, limit: PRUNE_RUNS })
  await eachApart(deps.log, {
    items: due,
    work: (run) => pruneRun(deps, run),
    failed: ({ runId }) => ({ message: 'a run cannot be pruned; a later sweep tries again', run_id: runId }),
  })
  return due.length < PRUNE_RUNS ? null : (due.at(-1) ?? null)
}
