import { PRUNE_RUNS } from '@stella/contracts'
import { prunableRuns } from '@stella/db'
import type { PruneDeps } from './prune-run.ts'
import { pruneRun } from './prune-run.ts'

/**
 * Removes what retention says of runs of all tenants, those due longest first, at most `PRUNE_RUNS` at a time. A run whose bytes cannot be
 * removed keeps none of the others waiting: it is tried again by the next sweep.
 */
export async function prune(deps: PruneDeps): Promise<void> {
  const due = await prunableRuns(deps.database, { now: deps.now(), limit: PRUNE_RUNS })
  for (const run of due) {
    await pruneRun(deps, run).catch((error: unknown) =>
      deps.log({
        message: 'a run cannot be pruned; the next sweep tries again',
        run_id: run.runId,
        cause: String(error),
      }),
    )
  }
}
