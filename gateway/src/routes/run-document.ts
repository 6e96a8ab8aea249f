import { bundlePaths, MAX_MANIFEST_BYTES, mediaTypes, Problem } from '@stella/contracts'
import { sealedKey } from '@stella/core'

import type { GatewayDeps } from '../deps.ts'
import { namesEtag } from '../etag.ts'
import type { Route } from '../route.ts'
import { sealedRun } from './sealed-run.ts'

/** GET /export/runs/{id}/manifest: 200 the bytes of `export.json` · 304 · 404 resource/not-found · 409 run/not-finished */
export const manifestRoute = documentRoute(bundlePaths.manifest, mediaTypes.json)
/** GET /export/runs/{id}/provenance: 200 the bytes of `provenance.json` · 304 · 404 resource/not-found · 409 run/not-finished */
export const provenanceRoute = documentRoute(bundlePaths.provenance, mediaTypes.inToto)

function documentRoute(path: string, contentType: string) {
  return (deps: Pick<GatewayDeps, 'inTenant' | 'blobs'>): Route<'getManifest' | 'getProvenance'> =>
    async (c, { params: { id }, headers: asked }) => {
      const { tenantId } = c.get('caller')
      const { sealed } = await sealedRun(deps, tenantId, id)
      const document = sealed.documents[path]
      if (!document) throw new Problem('internal', `a sealed run lacks ${path}`)

      const { sha256, size } = document
      const headers = { etag: `"${sha256}"`, 'cache-control': 'private' }
      if (namesEtag(asked['if-none-match'] ?? '', headers.etag, { weak: true })) return c.body(null, 304, headers)

      const bytes = await deps.blobs.readBytes({
        key: sealedKey({ tenantId, runId: id, attempt: sealed.attempt, sha256 }),
        maxBytes: MAX_MANIFEST_BYTES,
        expected: { sha256, sizeBytes: size },
      })
      return c.body(new Uint8Array(bytes), 200, { ...headers, 'content-type': contentType })
    }
}
