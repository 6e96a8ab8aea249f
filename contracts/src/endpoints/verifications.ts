import { z } from 'zod'

import { mediaTypes } from '../media-types.ts'
import { pageOf, pageQuery } from '../page.ts'
import { resourceId } from '../resource-id.ts'
import { verification } from '../verification.ts'
import type { Endpoint } from './endpoint.ts'

const params = z.strictObject({ id: resourceId.describe('Id of a run.') })

/** Checking what is stored for a run. */
export const verificationEndpoints = {
  verifyRun: {
    method: 'POST',
    path: '/export/runs/:id/verify',
    role: 'Export.Operator',
    audit: 'run.verify',
    summary: 'Check what is stored for a run; while that goes on, the same verification',
    params,
    answers: {
      202: {
        description: 'The verification, accepted: workers do it.',
        content: { mediaType: mediaTypes.json, schema: verification },
      },
    },
    problems: ['run/not-finished', 'run/pruned'],
  },
  listVerifications: {
    method: 'GET',
    path: '/export/runs/:id/verifications',
    role: 'Export.Viewer',
    summary: 'List the verifications of a run, the newest first',
    params,
    query: pageQuery,
    answers: {
      200: { description: 'A page.', content: { mediaType: mediaTypes.json, schema: pageOf(verification) } },
    },
    problems: [],
  },
} as const satisfies Record<string, Endpoint>
