import { bundlePaths, MAX_MANIFEST_BYTES, mediaTypes, Problem } from '@stella/contracts'
import { sealedKey } from '@stella/core'
import type { MiddlewareHandler } from 'hono'

import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import { idOf } from './found.ts'
import { sealedRun } from './sealed-run.ts'

/** GET /export/runs/{id}/manifest: 200 the bytes of `export.json` · 404 resource/not-found · 409 run/not-finished */
export const manifestRoute = documentRoute(bundlePaths.manifest, mediaTypes.json)
/** GET /export/runs/{id}/provenance: 200 the bytes of `provenance.json` · 404 resource/not-found · 409 run/not-finished */
export const provenanceRoute = documentRoute(bundlePaths.provenance, mediaTypes.inToto)

function documentRoute(path: string, contentType: string) {
  return (deps: Pick<GatewayDeps, 'inTenant' | 'blobs'>): MiddlewareHandler<GatewayEnv> =>
    async (c) => {
      const { tenantId } = c.get('caller')
      const id = idOf(c)
      const { sealed } = await sealedRun(deps, tenantId, id)
      const document = sealed.documents[path]
      if (!document) throw new Problem('internal', `a sealed run lacks ${path}`)

      const { sha256, size } = document
      const bytes = await deps.blobs.readBytes({
        key: sealedKey({ tenantId, runId: id, attempt: sealed.attempt, sha256 }),
        maxBytes: MAX_MANIFEST_BYTES,
        expected: { sha256, sizeBytes: size },
      })
      return c.body(new Uint8Array(bytes), 200, {
        'content-type': contentType,
        etag: `"${sha256}"`,
        'cache-control': 'private',
      })
    }
}
