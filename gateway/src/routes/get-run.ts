import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'
import { found } from './found.ts'
import { runReader } from './run-reader.ts'

/** GET /export/runs/{id}: 200 Run · 404 resource/not-found */
export function getRunRoute(deps: Pick<GatewayDeps, 'readTenant'>): Route<'getRun'> {
  const readRun = runReader(deps)
  return async (c, { params: { id } }) =>
    c.json(found(await readRun({ tenantId: c.get('caller').tenantId, runId: id }), 'run', id))
}
