import { Problem } from '@stella/contracts'
import { type OpenRun, openRun, type Sealed } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import { found } from './found.ts'

/** A run whose bundle can be read. @throws `resource/not-found` · `run/not-finished` */
export async function sealedRun(
  { inTenant }: Pick<GatewayDeps, 'inTenant'>,
  tenantId: string,
  id: string,
): Promise<OpenRun & { sealed: Sealed }> {
  const run = found(await inTenant(tenantId, (tx) => openRun(tx, { tenantId, runId: id })), 'run', id)
  const { sealed } = run
  if (sealed === null) throw new Problem('run/not-finished', `run ${id} is ${run.state}: it has no bundle`)
  return { ...run, sealed }
}
