import { z } from 'zod'

import { bundleUrl } from '../bundle-url.ts'
import { exportManifest } from '../export-manifest.ts'
import { exportIndex } from '../index-document.ts'
import { mediaTypes } from '../media-types.ts'
import { resourceId } from '../resource-id.ts'
import { signatureFiles } from '../signatures.ts'
import type { Endpoint } from './endpoint.ts'
import { etag, ifNoneMatch } from './etag-headers.ts'
import { storedBytesProblems } from './problems-of.ts'

const params = z.strictObject({ id: resourceId.describe('Id of a run that succeeded.') })
const problems = ['run/not-finished', 'run/pruned', ...storedBytesProblems] as const
const downloadHeaders = {
  etag,
  'accept-ranges': z.literal('bytes').describe('Ranges of bytes may be asked for.'),
  'repr-digest': z.string().describe('SHA-256 of the whole bundle (RFC 9530).'),
  'content-digest': z.string().optional().describe('SHA-256 of what is sent, where that is the whole (RFC 9530).'),
  'content-disposition': z.string().describe('A file name for the bundle.'),
}
const bytes = { mediaType: mediaTypes.bundle }
const unchanged = { description: 'The caller holds these bytes.', headers: { etag } }

/** What a run that succeeded left behind. */
export const runFileEndpoints = {
  downloadRun: {
    method: 'GET',
    path: '/export/runs/:id/download',
    role: 'Export.Viewer',
    summary: 'The bundle of a run; of one in parts, the index that names them',
    params,
    query: z.strictObject({
      redirect: z
        .enum(['true', 'false'])
        .optional()
        .describe('true: the answer may send the caller to the object store itself.'),
    }),
    headers: z.object({
      range: z.string().max(4096).optional().describe('One range of bytes; several, or other units, are ignored.'),
      'if-range': z.string().max(1024).optional().describe('The range is wanted of these bytes; of others, all.'),
      'if-match': z
        .string()
        .max(4096)
        .optional()
        .describe('The bundle is wanted if it has one of these tags; of others, 412.'),
      'if-none-match': ifNoneMatch,
    }),
    answers: {
      200: { description: 'The bundle.', content: bytes, headers: downloadHeaders },
      206: {
        description: 'A range of the bundle.',
        content: bytes,
        headers: { ...downloadHeaders, 'content-range': z.string().describe('Which bytes, and of how many.') },
      },
      304: unchanged,
      307: {
        description: 'Where the object store serves the bundle itself, for a caller that allows it.',
        content: { mediaType: mediaTypes.json, schema: bundleUrl },
        headers: {
          location: z.url().describe('The same URL as in the body.'),
          'repr-digest': z.string().describe('SHA-256 of the whole bundle (RFC 9530).'),
        },
      },
    },
    problems: [...problems, 'range/unsatisfiable'],
  },
  getManifest: {
    method: 'GET',
    path: '/export/runs/:id/manifest',
    role: 'Export.Viewer',
    summary: 'The manifest of a run, byte for byte: export.json, or index.json where it comes in parts',
    params,
    headers: z.object({ 'if-none-match': ifNoneMatch }),
    answers: {
      200: {
        description: 'The manifest.',
        content: { mediaType: mediaTypes.json, schema: z.union([exportManifest, exportIndex]) },
        headers: { etag },
      },
      304: unchanged,
    },
    problems,
  },
  getProvenance: {
    method: 'GET',
    path: '/export/runs/:id/provenance',
    role: 'Export.Viewer',
    summary: 'The provenance of a run: provenance.json, byte for byte',
    params,
    headers: z.object({ 'if-none-match': ifNoneMatch }),
    answers: {
      200: {
        description: 'An in-toto statement with SLSA provenance.',
        content: { mediaType: mediaTypes.inToto },
        headers: { etag },
      },
      304: unchanged,
    },
    problems: [...problems, 'run/sharded'],
  },
  getSignatures: {
    method: 'GET',
    path: '/export/runs/:id/signatures',
    role: 'Export.Viewer',
    summary: 'The signatures of a run',
    params,
    answers: {
      200: { description: 'The files, whole.', content: { mediaType: mediaTypes.json, schema: signatureFiles } },
    },
    problems,
  },
} as const satisfies Record<string, Endpoint>
