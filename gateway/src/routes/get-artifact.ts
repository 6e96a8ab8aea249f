import { mediaTypes, Problem } from '@stella/contracts'
import { artifactSlice } from '@stella/db'

import type { LedgerDeps } from '../ledger/answer-records.ts'
import { artifactBytes } from '../ledger/artifact-bytes.ts'
import { pulledStream } from '../ledger/pulled-stream.ts'
import type { Route } from '../route.ts'

/** GET /ledger/artifacts/{sha256}: 200 the document as received · 404 resource/not-found, for another tenant's too · 429 ledger/busy */
export function getArtifactRoute(deps: LedgerDeps): Route<'getArtifact'> {
  return async (c, { params: { sha256 } }) => {
    const { tenantId } = c.get('caller')
    const slice = (offset: number) => deps.readTenant(tenantId, (tx) => artifactSlice(tx, { tenantId, sha256, offset }))
    const first = await slice(0)
    if (first === null) throw new Problem('resource/not-found', 'there is no document of that SHA-256')

    const headers = {
      'content-type': mediaTypes.bytes,
      'content-length': String(first.sizeBytes),
      // What it holds is others' text: no browser may take it for a page of ours.
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
      'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
      'cache-control': 'private',
      etag: `"${sha256}"`,
    }
    if (c.req.method === 'HEAD') return new Response(null, { headers })

    const failed = (error: unknown) => deps.log({ message: 'a document was cut', sha256, cause: String(error) })
    const chunks = artifactBytes({ sha256, first, slice })
    return new Response(pulledStream(deps.openStreams, { tenantId, chunks, failed }), { headers })
  }
}
