import { z } from 'zod'

import { instant } from '../instant.ts'
import { mediaTypes } from '../media-types.ts'
import { pageOf, pageQuery } from '../page.ts'
import { resourceId } from '../resource-id.ts'
import { newRun, run, runStates } from '../run.ts'
import { tenantId } from '../tenant.ts'
import type { Endpoint } from './endpoint.ts'
import { idempotencyKey, idempotencyReplayed } from './idempotency-key.ts'
import { location } from './location.ts'

const params = z.strictObject({ id: resourceId.describe('Id of a run.') })
const content = { mediaType: mediaTypes.json, schema: run }
const accepted = {
  description: 'The run, accepted: workers do it.',
  content,
  headers: { location, 'idempotency-replayed': idempotencyReplayed },
}

const query = pageQuery.extend({
  state: z.enum(runStates).optional().describe('Runs in this state.'),
  profile_id: resourceId.optional().describe('Runs of this profile.'),
  part_of: resourceId.optional().describe('Parts of this run. Without it, runs that are no parts.'),
  from: instant.optional().describe('Runs created at this time or later.'),
  to: instant.optional().describe('Runs created before this time.'),
  tenant_id: tenantId.optional().describe("The caller's own tenant; of any other the page is empty."),
})

/** Runs: one export after a profile. */
export const runEndpoints = {
  createRun: {
    method: 'POST',
    path: '/export/runs',
    role: 'Export.Operator',
    audit: 'run.create',
    summary: 'Start an export',
    headers: z.object({ 'idempotency-key': idempotencyKey }),
    body: {
      mediaTypes: [mediaTypes.json],
      schema: newRun,
      examples: {
        'as the profile says': { profile_id: 'prof_all_evidence' },
        'a month of two ecosystems': {
          profile_id: 'prof_all_evidence',
          filters: {
            time_from: '2025-01-01T00:00:00Z',
            time_to: '2025-02-01T00:00:00Z',
            ecosystems: ['npm', 'PyPI'],
            include: ['advisories', 'vex'],
          },
          distribution: { type: 'download' },
        },
      },
    },
    answers: { 202: accepted },
    problems: ['resource/not-found'],
  },
  listRuns: {
    method: 'GET',
    path: '/export/runs',
    role: 'Export.Viewer',
    summary: 'List runs, the newest first',
    query,
    answers: { 200: { description: 'A page.', content: { mediaType: mediaTypes.json, schema: pageOf(run) } } },
    problems: [],
  },
  getRun: {
    method: 'GET',
    path: '/export/runs/:id',
    role: 'Export.Viewer',
    summary: 'A run',
    params,
    answers: { 200: { description: 'The run.', content } },
    problems: [],
  },
  cancelRun: {
    method: 'POST',
    path: '/export/runs/:id/cancel',
    role: 'Export.Operator',
    audit: 'run.cancel',
    summary: 'Cancel a run',
    params,
    answers: { 200: { description: 'The run, cancelled: by this request or by an earlier one.', content } },
    problems: ['resource/conflict'],
  },
  reproduceRun: {
    method: 'POST',
    path: '/export/runs/:id/reproduce',
    role: 'Export.Operator',
    audit: 'run.reproduce',
    summary: 'Build a run that succeeded, and may have expired, again, byte for byte',
    params,
    headers: z.object({ 'idempotency-key': idempotencyKey }),
    answers: { 202: accepted },
    problems: ['run/not-finished', 'resource/conflict', 'run/sharded'],
  },
} as const satisfies Record<string, Endpoint>
