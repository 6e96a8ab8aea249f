import { mediaTypes } from '../media-types.ts'
import { newPlanPreview, planPreview } from '../plan-preview.ts'
import type { Endpoint } from './endpoint.ts'

/** Plans: what an export would take. */
export const planEndpoints = {
  previewPlan: {
    method: 'POST',
    path: '/export/plans',
    role: 'Export.Operator',
    summary: 'What a run would hold if it were planned now; nothing is run or kept',
    body: {
      mediaTypes: [mediaTypes.json],
      schema: newPlanPreview,
      examples: {
        'a profile': { profile_id: 'prof_all_evidence' },
        'a profile with other filters': { profile_id: 'prof_all_evidence', filters: { ecosystems: ['npm'] } },
        'filters alone': { filters: { packages: ['pkg:npm/lodash'], include: ['advisories'] } },
        'the whole ledger': {},
      },
    },
    answers: {
      200: { description: 'Counts and sizes.', content: { mediaType: mediaTypes.json, schema: planPreview } },
    },
    problems: ['resource/not-found', 'plan/too-large', 'db/timeout'],
  },
} as const satisfies Record<string, Endpoint>
