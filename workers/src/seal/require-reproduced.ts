import { bundlePaths, exportManifest, Problem } from '@stella/contracts'
import type { OpenRun } from '@stella/db'

import { sealedManifest } from '../run/sealed-manifest.ts'
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

async function differingFiles(blobs: SealDeps['blobs'], original: OpenRun, after: SealedDocument): Promise<string[]> {
  const before = await sealedManifest({ blobs }, original)
  if (!before) return []
  const known = new Map(before.content.files.map((file) => [file.path, file.sha256]))
  return exportManifest
    .parse(JSON.parse(after.bytes.toString()))
    .content.files.filter((file) => known.get(file.path) !== file.sha256)
    .map((file) => file.path)
    .slice(0, 10)
}
