import { z } from 'zod'

import { ingest, ingestEntry, ingestQuery, ingestStates } from '../ingest.ts'
import { instant } from '../instant.ts'
import { MAX_UPLOAD_BYTES } from '../limits.ts'
import { mediaTypes } from '../media-types.ts'
import { pageOf, pageQuery } from '../page.ts'
import { resourceId } from '../resource-id.ts'
import type { Endpoint } from './endpoint.ts'
import { idempotencyKey, idempotencyReplayed } from './idempotency-key.ts'
import { location } from './location.ts'

const content = { mediaType: mediaTypes.json, schema: ingest }

const query = pageQuery.extend({
  state: z.enum(ingestStates).optional().describe('Batches in this state.'),
  from: instant.optional().describe('Batches received at this time or later.'),
  to: instant.optional().describe('Batches received before this time.'),
})

/** The ledger: documents go in as batches. */
export const ledgerEndpoints = {
  ingestDocuments: {
    method: 'POST',
    path: '/ledger/ingest',
    role: 'Export.Operator',
    audit: 'ingest.create',
    summary: 'Send documents: one batch, at most one revision',
    query: ingestQuery,
    headers: z.object({ 'idempotency-key': idempotencyKey }),
    body: {
      mediaTypes: [mediaTypes.bytes, mediaTypes.json, mediaTypes.tar],
      maxBytes: MAX_UPLOAD_BYTES,
      description:
        'A document, JSON lines, or an archive of files (tar, zip; zstd, gzip). What it is shows in its bytes: the media type is not looked at.',
    },
    answers: {
      202: {
        description: 'The batch, received: workers do it.',
        content,
        headers: { location, 'idempotency-replayed': idempotencyReplayed },
      },
    },
    problems: ['blob/unavailable', 'blob/short', 'blob/long', 'blob/altered'],
  },
  listIngests: {
    method: 'GET',
    path: '/ledger/ingests',
    role: 'Export.Viewer',
    summary: 'List batches, the newest first',
    query,
    answers: { 200: { description: 'A page.', content: { mediaType: mediaTypes.json, schema: pageOf(ingestEntry) } } },
    problems: [],
  },
  getIngest: {
    method: 'GET',
    path: '/ledger/ingests/:id',
    role: 'Export.Viewer',
    summary: 'A batch, with what became of it',
    params: z.strictObject({ id: resourceId.describe('Id of a batch.') }),
    answers: { 200: { description: 'The batch.', content } },
    problems: [],
  },
} as const satisfies Record<string, Endpoint>
