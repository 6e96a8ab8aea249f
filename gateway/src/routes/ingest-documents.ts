import { MAX_UPLOAD_BYTES, Problem } from '@stella/contracts'
import { uploadKey } from '@stella/core'
import { recordIngest } from '@stella/db'

import { recordAction } from '../audit/record-action.ts'
import { createOnce } from '../create-once.ts'
import type { GatewayDeps } from '../deps.ts'
import type { Route } from '../route.ts'

/**
 * POST /ledger/ingest: spool the body, record the batch; workers read it. The body is a document, JSON lines, or an archive of files.
 * 202 Ingest · 400 request/invalid · 413 request/too-large · 507 blob/full
 */
export function ingestDocumentsRoute(deps: GatewayDeps): Route<'ingestDocuments'> {
  return async (c, { query, headers }) => {
    const { tenantId, subject } = c.get('caller')
    const id = deps.newId('ing')
    const upload = await spool(deps, uploadKey(tenantId, id), c.req.raw)
    const batch = {
      tenantId,
      id,
      sourceUri: query.source_uri ?? null,
      sourceName: query.source_name ?? null,
      format: query.format,
      strict: query.strict === 'true',
      ...upload,
      createdBy: subject,
    }
    const asked = { ingestDocuments: { query, sha256: upload.uploadSha256 } }
    // Where this fails the upload stays without a batch, and the sweep removes it.
    const { answer, created } = await createOnce(
      deps,
      { tenantId, key: headers['idempotency-key'], asked },
      async (tx) => {
        await recordAction(c, tx, `/ledger/ingests/${id}`)
        return { status: 202, headers: { location: `/ledger/ingests/${id}` }, body: await recordIngest(tx, batch) }
      },
    )
    if (created) await announceBatch(deps, tenantId, id)
    else await deps.blobs.remove(upload.uploadKey)
    return answer
  }
}

async function spool({ blobs }: Pick<GatewayDeps, 'blobs'>, key: string, { body, signal }: Request) {
  const stream = body ?? new Blob([]).stream()
  const { sha256, sizeBytes } = await blobs.putStream({ key, stream, maxBytes: MAX_UPLOAD_BYTES, signal })
  if (sizeBytes === 0) {
    await blobs.remove(key)
    throw new Problem('request/invalid', 'the body is empty: send a document, JSON lines, or an archive of files')
  }
  return { uploadKey: key, uploadSha256: sha256, uploadBytes: sizeBytes }
}

/** The row is the truth: where the bus is away, the workers' sweep publishes the job later. */
async function announceBatch({ bus, log }: Pick<GatewayDeps, 'bus' | 'log'>, tenantId: string, id: string) {
  try {
    await bus.publishJob({ step: 'ingest', message: { tenantId, ingestId: id }, dedupeId: `${id}/ingest` })
  } catch (error) {
    log({ message: 'a batch was recorded but not announced; the sweep will', ingest_id: id, cause: String(error) })
  }
}
