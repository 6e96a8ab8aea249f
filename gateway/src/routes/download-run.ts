import { mediaTypes, Problem } from '@stella/contracts'
import { sealedKey } from '@stella/core'

import { byteRange } from '../byte-range.ts'
import type { GatewayDeps } from '../deps.ts'
import { namesEtag } from '../etag.ts'
import { problemResponse } from '../problem-response.ts'
import type { Route } from '../route.ts'
import { redirectDownload } from './redirect-download.ts'
import { readKept, runWithBundle } from './sealed-run.ts'

/**
 * GET /export/runs/{id}/download: the bundle, streamed; of a run in parts, one that holds `index.json` and its signature. 200 · 206 with
 * `Range` · 304 with `If-None-Match` · 307 with `redirect=true`, where the object store serves it · 404 resource/not-found ·
 * 409 run/not-finished · 410 run/pruned · 412 request/precondition-failed · 416 range/unsatisfiable. Ranges, `If-Range` and strong ETags as RFC 9110; `Repr-Digest` and
 * `Content-Digest` as RFC 9530.
 */
export function downloadRunRoute(deps: GatewayDeps): Route<'downloadRun'> {
  return async (c, { params: { id }, query, headers: asked }) => {
    const { tenantId } = c.get('caller')
    const kept = () => runWithBundle(deps, tenantId, id)
    const { attempt, bundle } = (await kept()).sealed
    const { size, sha256 } = bundle
    const key = sealedKey({ tenantId, runId: id, attempt, sha256 })
    const fileName = `${id}.tar.zst`
    const etag = `"${sha256}"`
    const isHead = c.req.method === 'HEAD'
    if (!namesEtag(asked['if-match'] ?? etag, etag, { weak: false })) {
      throw new Problem('request/precondition-failed', `the bundle of run ${id} has another tag than If-Match: ${etag}`)
    }
    if (namesEtag(asked['if-none-match'] ?? '', etag, { weak: true }))
      return c.body(null, 304, { etag, 'cache-control': 'private' })

    const digest = digestField(sha256)
    // A URL is signed for GET alone.
    const redirect =
      query.redirect === 'true' && !isHead
        ? await redirectDownload(deps, { key, fileName, bundle }, { 'repr-digest': digest })
        : null
    if (redirect) {
      deps.metrics.distributed('download')
      return redirect
    }

    const range = wantedRange(asked, etag, size)
    if (range instanceof Problem) return unsatisfiable(range, size, deps.log)
    const { first, last } = range ?? { first: 0, last: size - 1 }
    const part = { key, start: first, end: last + 1, sha256, sizeBytes: size }
    const body = isHead ? null : await readKept(() => deps.blobs.read(part), kept)
    if (first === 0 && !isHead) deps.metrics.distributed('download')
    return new Response(body, {
      status: range === null ? 200 : 206,
      headers: {
        'content-type': mediaTypes.bundle,
        'content-disposition': `attachment; filename="${fileName}"`,
        'content-length': String(last - first + 1),
        'accept-ranges': 'bytes',
        'repr-digest': digest,
        'cache-control': 'private',
        etag,
        ...(range === null ? { 'content-digest': digest } : { 'content-range': `bytes ${first}-${last}/${size}` }),
      },
    })
  }
}

function digestField(sha256: string): string {
  return `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`
}

function unsatisfiable(range: Problem, size: number, log: GatewayDeps['log']): Response {
  const refused = problemResponse(range, log)
  refused.headers.set('content-range', `bytes */${size}`)
  return refused
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
