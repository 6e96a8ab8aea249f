import { MAX_UPLOAD_BYTES, Problem } from '@stella/contracts'
import { uploadKey } from '@stella/core'
import { recordIngest } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'

/**
 * POST /ledger/ingest: spool the body, record the batch; workers read it. The body is a document, JSON lines, or a tar of files.
 * 202 Ingest · 400 request/invalid · 413 request/too-large · 507 blob/full
 */
export function ingestDocumentsRoute(deps: GatewayDeps): Route<'ingestDocuments'> {
  return async (c, { query: asked }) => {
    const { tenantId, subject } = c.get('caller')
    const id = deps.newId('ing')
    const key = uploadKey(tenantId, id)
    const upload = await deps.blobs.putStream({
      key,
      stream: c.req.raw.body ?? new Blob([]).stream(),
      maxBytes: MAX_UPLOAD_BYTES,
      signal: c.req.raw.signal,
    })
    if (upload.sizeBytes === 0) {
      await deps.blobs.remove(key)
      throw new Problem('request/invalid', 'the body is empty: send a document, JSON lines, or a tar of files')
    }
    const batch = {
      tenantId,
      id,
      sourceUri: asked.source_uri ?? null,
      sourceName: asked.source_name ?? null,
      strict: asked.strict === 'true',
      uploadKey: key,
      uploadSha256: upload.sha256,
      uploadBytes: upload.sizeBytes,
      createdBy: subject,
    }
    // Where this fails the upload stays without a batch, and the sweep removes it.
    const recorded = await deps.inTenant(tenantId, (tx) => recordIngest(tx, batch))
    await deps.bus
      .publishJob({ step: 'ingest', message: { tenantId, ingestId: id }, dedupeId: `${id}/ingest` })
      .catch((error: unknown) =>
        deps.log({
          message: 'a batch was recorded but not announced; the sweep will',
          ingest_id: id,
          cause: String(error),
        }),
      )
    return c.json(recorded, 202, { location: `/ledger/ingests/${id}` })
  }
}
