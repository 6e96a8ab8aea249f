import type { Run } from '@stella/contracts'
import { getRuns, type RunId } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import { loadTogether } from './load-together.ts'

/** Answers a function that reads one run as the API returns it, or null; it rejects as `readTenant` does. */
export function runReader({ readTenant }: Pick<GatewayDeps, 'readTenant'>): (run: RunId) => Promise<Run | null> {
  return loadTogether(async (tenantId, asked) => {
    const ids = new Set(asked.map(({ runId }) => runId))
    const read = await readTenant(tenantId, (tx) => getRuns(tx, tenantId, [...ids]))
    const runs = new Map(read.map((run) => [run.id, run]))
    return asked.map(({ runId }) => runs.get(runId) ?? null)
  })
}
