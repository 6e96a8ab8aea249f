import { bundlePaths, indexPaths, MAX_MANIFEST_BYTES, mediaTypes, Problem } from '@stella/contracts'
import { sealedKey } from '@stella/core'

import type { GatewayDeps } from '../deps.ts'
import { namesEtag } from '../etag.ts'
import type { Route } from '../route.ts'
import { readKept, runWithDocuments } from './sealed-run.ts'

/**
 * GET /export/runs/{id}/manifest: 200 the bytes of `export.json`; of a run in parts, of `index.json` · 304 · 404 resource/not-found ·
 * 409 run/not-finished · 410 run/pruned
 */
export const manifestRoute = documentRoute([bundlePaths.manifest, indexPaths.index], mediaTypes.json)
/**
 * GET /export/runs/{id}/provenance: 200 the bytes of `provenance.json` · 304 · 404 resource/not-found · 409 run/not-finished · 409 run/sharded ·
 * 410 run/pruned
 */
export const provenanceRoute = documentRoute([bundlePaths.provenance], mediaTypes.inToto)

/** Serves the one of these documents that a run has. */
function documentRoute(paths: readonly string[], contentType: string) {
  return (deps: Pick<GatewayDeps, 'readTenant' | 'blobs' | 'now'>): Route<'getManifest' | 'getProvenance'> =>
    async (c, { params: { id }, headers: asked }) => {
      const { tenantId } = c.get('caller')
      const kept = () => runWithDocuments(deps, tenantId, id)
      const { sealed } = await kept()
      const document = paths.map((path) => sealed.documents[path]).find((stored) => stored !== undefined)
      if (!document)
        throw new Problem('run/sharded', `run ${id} comes in parts and has no ${paths[0]}: each of its parts has one`)

      const { sha256, size } = document
      const headers = { etag: `"${sha256}"`, 'cache-control': 'private' }
      if (namesEtag(asked['if-none-match'] ?? '', headers.etag, { weak: true })) return c.body(null, 304, headers)

      const bytes = await readKept(
        () =>
          deps.blobs.readBytes({
            key: sealedKey({ tenantId, runId: id, attempt: sealed.attempt, sha256 }),
            maxBytes: MAX_MANIFEST_BYTES,
            expected: { sha256, sizeBytes: size },
          }),
        kept,
      )
      return c.body(new Uint8Array(bytes), 200, { ...headers, 'content-type': contentType })
    }
}
