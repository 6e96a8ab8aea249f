import { Problem } from '@stella/contracts'
import { keepsDocuments, type OpenRun, openRun, type Sealed } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import { found } from './found.ts'

/** A run that was sealed, and what it stored. */
export type SealedRun = OpenRun & { readonly sealed: Sealed }

/** A run whose bundle can be read. @throws `resource/not-found` · `run/not-finished` · `run/pruned` where it is not kept any more */
export async function runWithBundle(
  deps: Pick<GatewayDeps, 'readTenant' | 'now'>,
  tenantId: string,
  id: string,
): Promise<SealedRun> {
  const run = await sealedRun(deps, tenantId, id)
  if (run.state === 'expired') throw pruned(run, 'bundle', deps.now())
  return run
}

/** A run whose documents can be read. @throws `resource/not-found` · `run/not-finished` · `run/pruned` where they are not kept any more */
export async function runWithDocuments(
  deps: Pick<GatewayDeps, 'readTenant' | 'now'>,
  tenantId: string,
  id: string,
): Promise<SealedRun> {
  const run = await sealedRun(deps, tenantId, id)
  if (!keepsDocuments(run.pruned)) throw pruned(run, 'documents', deps.now())
  return run
}

/** What `read` reads; where it fails since the bytes were pruned meanwhile, what `kept` says of the run. */
export async function readKept<T>(read: () => Promise<T>, kept: () => Promise<SealedRun>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof Problem && error.code === 'blob/absent') await kept()
    throw error
  }
}

async function sealedRun(
  { readTenant }: Pick<GatewayDeps, 'readTenant' | 'now'>,
  tenantId: string,
  id: string,
): Promise<SealedRun> {
  const run = found(await readTenant(tenantId, (tx) => openRun(tx, { tenantId, runId: id })), 'run', id)
  const { sealed } = run
  if (sealed === null) throw new Problem('run/not-finished', `run ${id} is ${run.state}: it has no bundle`)
  return { ...run, sealed }
}

/** When it went, why, and what to do. */
function pruned(run: SealedRun, what: 'bundle' | 'documents', now: Date): Problem {
  const { id, partOf, profileId, profileRevision, expiresAt, documentsExpireAt } = run
  const due = what === 'bundle' ? expiresAt : documentsExpireAt
  const isDue = due !== null && Date.parse(due) <= now.getTime()
  const why = isDue
    ? `on ${due}, by the retention of profile ${profileId}, revision ${profileRevision}`
    : `since run ${partOf}, which it is a part of, did not succeed`
  const kept = keepsDocuments(run.pruned)
    ? `; its manifest, provenance and signatures are kept until ${documentsExpireAt}`
    : ''
  const advice = `POST /export/runs/${id}/reproduce writes it again from the ledger`
  const gone =
    what === 'bundle' ? `the bundle of run ${id} was` : `manifest, provenance and signatures of run ${id} were`
  return new Problem('run/pruned', `${gone} removed ${why}: ${advice}${kept}`)
}
