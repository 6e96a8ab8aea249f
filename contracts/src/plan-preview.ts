import { z } from 'zod'

import { filters } from './filters.ts'
import { resourceId } from './resource-id.ts'
import { runCounts } from './run.ts'

/** What a preview is wanted of: a run of that profile with those filters, as `newRun` takes them; without a profile, of the filters alone. */
export const newPlanPreview = z.strictObject({ profile_id: resourceId.optional(), filters: filters.optional() })

/** What a run would take if it were planned now (specification 3.3). */
export const planPreview = z.strictObject({
  profile_id: resourceId.nullable(),
  profile_revision: z.int().nullable(),
  /** Filters of profile and request together. */
  filters,
  ledger_revision: z.int(),
  counts: runCounts,
  /** Before compression. */
  estimated_bytes: z.int(),
  shards: z.int(),
  /** Parts in which the export would come, each with shards of its own; null where it is one bundle. */
  parts: z.int().nullable(),
})
/** What a run would take if it were planned now. */
export type PlanPreview = z.infer<typeof planPreview>
