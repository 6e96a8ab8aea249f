import { bundlePaths, indexPaths, MAX_MANIFEST_BYTES, Problem, type Sharding } from '@stella/contracts'
import { encodeIndex, encodeSignature, exportIndex, type Plan, type RunIdentity, type SealedPart } from '@stella/core'
import { listParts, type OpenRun } from '@stella/db'

import { sealedManifest } from '../run/sealed-manifest.ts'
import type { SealDeps } from './seal-step.ts'
import { type SealedDocuments, sealedDocument } from './sealed-documents.ts'

/** What an index is made of. */
export interface IndexSource {
  readonly plan: Plan
  readonly sharding: Sharding
  readonly runId: string
  readonly identity: RunIdentity
}

/**
 * The index of an export in parts, which names each by what it was sealed as, and its signature. Parts are read back from the store.
 * @throws `plan/too-large` where a verifier would refuse the index · `blob/…` · `kms/refused`
 */
export async function signedIndex(
  deps: SealDeps,
  { plan, sharding, runId, identity }: IndexSource,
): Promise<SealedDocuments> {
  const { tenantId } = plan.scope
  const runs = await deps.inTenant(tenantId, (tx) => listParts(tx, { tenantId, runId }))
  const parts: SealedPart[] = []
  for (const run of runs) parts.push(await sealedPart(deps, run, plan))
  const index = exportIndex({ plan, sharding, run: identity, parts })
  const bytes = encodeIndex(index)
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw new Problem(
      'plan/too-large',
      `the index of the export is over ${MAX_MANIFEST_BYTES} bytes: narrow its filters`,
    )
  }
  const { signature } = await deps.kms.sign(bytes)
  return {
    documents: [
      sealedDocument(indexPaths.index, bytes),
      sealedDocument(indexPaths.signature, Buffer.from(encodeSignature(signature))),
    ],
    contentRoot: index.content.content_root,
  }
}

async function sealedPart(deps: SealDeps, run: OpenRun, plan: Plan): Promise<SealedPart> {
  const { id: runId, part, sealed } = run
  const manifest = sealed?.documents[bundlePaths.manifest]
  const planned = plan.parts?.[(part ?? 0) - 1]
  if (!sealed || !manifest || !planned) throw new Problem('ledger/changed', `part ${runId} is not as it was planned`)

  const read = await sealedManifest(deps, run)
  if (!read) throw new Problem('ledger/changed', `the manifest of part ${runId} is gone`)
  const { content } = read
  return { content, runId, manifest, bundle: sealed.bundle, estimatedBytes: planned.estimatedBytes }
}
