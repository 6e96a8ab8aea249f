import { z } from 'zod'

import { MAX_RETENTION_DAYS } from './limits.ts'

/** Days that a run's bundle is kept when its profile does not say. */
export const DEFAULT_DATA_DAYS = 90
/** Days that a run's manifest, provenance and signatures are kept when its profile does not say. */
export const DEFAULT_DOCUMENTS_DAYS = 1095

/**
 * How long the bytes of a run are kept, in days after it finished: `data_days` its bundle, `documents_days` its manifest, provenance and
 * signatures. Then they are removed; the run itself stays listed for ever.
 */
export const retention = z
  .strictObject({
    data_days: z.int().min(1).max(MAX_RETENTION_DAYS).default(DEFAULT_DATA_DAYS),
    documents_days: z.int().min(1).max(MAX_RETENTION_DAYS).default(DEFAULT_DOCUMENTS_DAYS),
  })
  .refine(
    ({ data_days, documents_days }) => data_days <= documents_days,
    'documents_days must not be below data_days: what says what a bundle held outlives it',
  )
/** How long the bytes of a run are kept, in days. */
export type Retention = z.infer<typeof retention>
