import { MAX_SIGNATURE_BYTES, type SignatureFiles } from '@stella/contracts'
import { byteOrder, sealedKey } from '@stella/core'

import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'
import { readKept, runWithDocuments } from './sealed-run.ts'

/** GET /export/runs/{id}/signatures: 200 the files under `signatures/` · 404 resource/not-found · 409 run/not-finished · 410 run/pruned */
export function getSignaturesRoute(deps: Pick<GatewayDeps, 'readTenant' | 'blobs' | 'now'>): Route<'getSignatures'> {
  return async (c, { params: { id } }) => {
    const { tenantId } = c.get('caller')
    const kept = () => runWithDocuments(deps, tenantId, id)
    const { sealed } = await kept()
    const paths = Object.entries(sealed.documents)
      .filter(([path]) => path.startsWith('signatures/'))
      .sort(([a], [b]) => byteOrder(a, b))
    const files: SignatureFiles['files'] = []
    for (const [path, { sha256, size }] of paths) {
      const bytes = await readKept(
        () =>
          deps.blobs.readBytes({
            key: sealedKey({ tenantId, runId: id, attempt: sealed.attempt, sha256 }),
            maxBytes: MAX_SIGNATURE_BYTES,
            expected: { sha256, sizeBytes: size },
          }),
        kept,
      )
      files.push({ path, size, sha256, content_base64: Buffer.from(bytes).toString('base64') })
    }
    return c.json({ files } satisfies SignatureFiles)
  }
}
