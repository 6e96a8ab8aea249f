import { bundlePaths, exportManifest, MAX_MANIFEST_BYTES, Problem } from '@stella/contracts'
import { sealedKey } from '@stella/core'
import { keepsDocuments, type OpenRun } from '@stella/db'

import type { SealDeps } from './seal-step.ts'
import type { SealedDocument } from './sealed-documents.ts'

/**
 * Compares a rebuilt export with the original: manifest and provenance must be the same bytes, and with the manifest every file.
 * @throws `run/not-reproducible`, naming what differs
 */
export async function requireReproduced(
  { blobs }: Pick<SealDeps, 'blobs'>,
  original: OpenRun,
  rebuilt: readonly SealedDocument[],
): Promise<void> {
  for (const path of [bundlePaths.manifest, bundlePaths.provenance]) {
    const before = original.sealed?.documents[path]
    const after = rebuilt.find((document) => document.path === path)
    if (before && before.sha256 === after?.sha256) continue

    const differing =
      path === bundlePaths.manifest && before && after ? await differingFiles(blobs, original, after) : []
    throw new Problem(
      'run/not-reproducible',
      `run ${original.id} came out with another ${[path, ...differing].join(', ')}`,
    )
  }
}

async function differingFiles(
  blobs: SealDeps['blobs'],
  { tenantId, id, sealed, pruned }: OpenRun,
  after: SealedDocument,
): Promise<string[]> {
  const manifest = sealed?.documents[bundlePaths.manifest]
  if (!sealed || !manifest || !keepsDocuments(pruned)) return []
  const { sha256, size } = manifest
  const key = sealedKey({ tenantId, runId: id, attempt: sealed.attempt, sha256 })
  const bytes = await blobs.readBytes({ key, maxBytes: MAX_MANIFEST_BYTES, expected: { sha256, sizeBytes: size } })
  const filesOf = (text: string) => exportManifest.parse(JSON.parse(text)).content.files
  const known = new Map(filesOf(bytes.toString()).map((file) => [file.path, file.sha256]))
  return filesOf(after.bytes.toString())
    .filter((file) => known.get(file.path) !== file.sha256)
    .map((file) => file.path)
    .slice(0, 10)
}
