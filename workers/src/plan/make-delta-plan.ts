import { FRAME_BYTES, groupOfKind, Problem } from '@stella/contracts'
import { countsOf, type DeltaBase, deltaBase, isSameJson, kindsOf, type Plan } from '@stella/core'
import type { OpenRun } from '@stella/db'
import { zstdVersion } from '@stella/native'

import type { WorkerDeps } from '../deps.ts'
import { sealedManifest } from '../run/sealed-manifest.ts'
import { mirrorSchemas } from '../seal/mirror-schemas.ts'

/**
 * The plan of a delta: what has changed in the ledger between the revision of the export that it is for and the newest.
 * @throws `run/base-unusable` where records would come out in another form than they have there, or the ledger is another · `run/pruned` ·
 *   `blob/…`
 */
export async function makeDeltaPlan(
  deps: Pick<WorkerDeps, 'evidence' | 'blobs' | 'mappings'>,
  run: OpenRun,
  baseRun: OpenRun,
): Promise<Plan> {
  const { tenantId, profile, filters, planId } = run
  const manifest = await sealedManifest(deps, baseRun)
  if (!manifest) throw new Problem('run/pruned', `the manifest of run ${baseRun.id} was removed: make a mirror anew`)
  const base = deltaBase(manifest, baseRun.profile)
  requireSameForm(base, deps.mappings)
  const kinds = kindsOf(filters)
  const changed = await deps.evidence.surveyChanges({ tenantId, filters, kinds, base })
  const groups = changed.extents.map(({ kind, ...extent }) => ({ group: groupOfKind[kind], ...extent }))
  const [first, ...besides] = kinds.map((kind) => ({ kind, ranges: [] }))
  return {
    id: planId,
    scope: { tenantId, ledgerRevision: changed.revision, filters },
    ledgerTime: changed.time,
    profile,
    base,
    counts: countsOf(groups),
    estimatedBytes: groups.reduce((sum, { bytes }) => sum + bytes, 0),
    shards: first ? [{ ...first, besides }] : [],
  }
}

/** A record that did not change must not come out in another form, or applying the delta would not make what a mirror holds. */
function requireSameForm({ exportId, schemas, compression }: DeltaBase, mappings: WorkerDeps['mappings']): void {
  const library = `zstd ${zstdVersion()}`
  const isSame = isSameJson(schemas, mirrorSchemas(mappings))
  if (isSame && compression.library === library && compression.frame_bytes === FRAME_BYTES) return
  const reason = 'this version writes mirrors in another form: make a mirror anew'
  throw new Problem('run/base-unusable', `run ${exportId} cannot be the base of a delta: ${reason}`)
}
