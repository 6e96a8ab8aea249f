import { mediaTypes, Problem } from '@stella/contracts'
import { sealedKey } from '@stella/core'

import { byteRange } from '../byte-range.ts'
import type { GatewayDeps } from '../deps.ts'
import { namesEtag } from '../etag.ts'
import { problemResponse } from '../problem-response.ts'
import type { Route } from '../route.ts'
import { runWithBundle } from './sealed-run.ts'

/**
 * GET /export/runs/{id}/download: the bundle, streamed; of a run in parts, one that holds `index.json` and its signature. 200 · 206 with `Range` · 304 with `If-None-Match` · 404 resource/not-found ·
 * 409 run/not-finished · 410 run/pruned · 416 range/unsatisfiable. Ranges, `If-Range` and strong ETags as RFC 9110; `Repr-Digest` as RFC 9530.
 */
export function downloadRunRoute(deps: GatewayDeps): Route<'downloadRun'> {
  return async (c, { params: { id }, headers: asked }) => {
    const { tenantId } = c.get('caller')
    const { attempt, bundle } = (await runWithBundle(deps, tenantId, id)).sealed
    const { size, sha256 } = bundle
    const etag = `"${sha256}"`
    const headers = {
      'content-type': mediaTypes.bundle,
      'content-disposition': `attachment; filename="${id}.tar.zst"`,
      'accept-ranges': 'bytes',
      'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
      'cache-control': 'private',
      etag,
    }
    if (namesEtag(asked['if-none-match'] ?? '', etag, { weak: true })) return c.body(null, 304, headers)

    const range = wantedRange(asked, etag, size)
    if (range instanceof Problem) {
      const refused = problemResponse(range, deps.log)
      refused.headers.set('content-range', `bytes */${size}`)
      return refused
    }
    const { first, last } = range ?? { first: 0, last: size - 1 }
    const partial = range === null ? {} : { 'content-range': `bytes ${first}-${last}/${size}` }
    const body =
      c.req.method === 'HEAD'
        ? null
        : deps.blobs.read({
            key: sealedKey({ tenantId, runId: id, attempt, sha256 }),
            start: first,
            end: last + 1,
            sha256,
            sizeBytes: size,
          })
    const length = { 'content-length': String(last - first + 1) }
    return new Response(await body, {
      status: range === null ? 200 : 206,
      headers: { ...headers, ...partial, ...length },
    })
  }
}

function wantedRange(
  asked: { range?: string | undefined; 'if-range'?: string | undefined },
  etag: string,
  size: number,
) {
  const ifRange = asked['if-range']
  if (ifRange !== undefined && ifRange !== etag) return null
  try {
    return byteRange(asked.range, size)
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
}
