import { bundlePaths, type ExportManifest, exportManifest, MAX_MANIFEST_BYTES } from '@stella/contracts'
import { sealedKey } from '@stella/core'
import { keepsDocuments, type OpenRun } from '@stella/db'

import type { WorkerDeps } from '../deps.ts'

/** The manifest of a run that was sealed, read back from the store; null where it has none any more. @throws `blob/…` */
export async function sealedManifest(
  { blobs }: Pick<WorkerDeps, 'blobs'>,
  { tenantId, id: runId, sealed, pruned }: OpenRun,
): Promise<ExportManifest | null> {
  const manifest = sealed?.documents[bundlePaths.manifest]
  if (!sealed || !manifest || !keepsDocuments(pruned)) return null
  const { sha256, size } = manifest
  const key = sealedKey({ tenantId, runId, attempt: sealed.attempt, sha256 })
  const bytes = await blobs.readBytes({ key, maxBytes: MAX_MANIFEST_BYTES, expected: { sha256, sizeBytes: size } })
  return exportManifest.parse(JSON.parse(bytes.toString()))
}
