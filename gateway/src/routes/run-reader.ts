import type { Run } from '@stella/contracts'
import { getRuns, type RunId } from '@stella/db'
import DataLoader from 'dataloader'

import type { GatewayDeps } from '../deps.ts'

/** Most runs that are read with one query. */
const MAX_RUNS_TOGETHER = 100

/**
 * Answers a function that reads one run as the API returns it, or null. Runs of one tenant that are asked for at the same time are read with
 * one query, since its journey and transaction cost more than the rows. The function rejects as `readTenant` does.
 */
export function runReader({ readTenant }: Pick<GatewayDeps, 'readTenant'>): (run: RunId) => Promise<Run | null> {
  const runs = new DataLoader<RunId, Run | null>(
    async (asked) => {
      const ids = new Map<string, Set<string>>()
      for (const { tenantId, runId } of asked) ids.set(tenantId, (ids.get(tenantId) ?? new Set()).add(runId))
      const ofTenants = new Map([...ids].map(([tenantId, named]) => [tenantId, readRuns(tenantId, named)]))
      return await Promise.all(
        asked.map(async ({ tenantId, runId }) => {
          try {
            return (await ofTenants.get(tenantId))?.get(runId) ?? null
          } catch (failure) {
            return failure as Error
          }
        }),
      )
    },
    // Nothing is remembered. A turn of the event loop takes in every request that has arrived.
    { cache: false, maxBatchSize: MAX_RUNS_TOGETHER, batchScheduleFn: setImmediate },
  )
  return (run) => runs.load(run)

  async function readRuns(tenantId: string, ids: ReadonlySet<string>): Promise<Map<string, Run>> {
    const read = await readTenant(tenantId, (tx) => getRuns(tx, tenantId, [...ids]))
    return new Map(read.map((run) => [run.id, run]))
  }
}
