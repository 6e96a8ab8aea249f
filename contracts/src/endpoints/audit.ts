import { z } from 'zod'

import { auditEntry } from '../audit.ts'
import { DEFAULT_PAGE_ROWS, MAX_AUDIT_PAGE_ROWS } from '../limits.ts'
import { mediaTypes } from '../media-types.ts'
import { pageOf, pageQuery } from '../page.ts'
import type { Endpoint } from './endpoint.ts'

const query = pageQuery.extend({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_AUDIT_PAGE_ROWS)
    .default(DEFAULT_PAGE_ROWS)
    .describe('Most entries of the page.'),
  order: z.enum(['asc', 'desc']).default('desc').describe('The newest entries first, or from the first one on.'),
})

/** The audit log of the caller's tenant. */
export const auditEndpoints = {
  listAudit: {
    method: 'GET',
    path: '/audit',
    role: 'Export.Admin',
    summary: 'What was done and refused, as a chain of hashes',
    query,
    answers: {
      200: { description: 'A page.', content: { mediaType: mediaTypes.json, schema: pageOf(auditEntry) } },
    },
    problems: [],
  },
} as const satisfies Record<string, Endpoint>
