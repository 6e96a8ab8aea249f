import { z } from 'zod'

import { MAX_PART_BYTES, MIN_PART_BYTES } from './limits.ts'

/**
 * When an export comes in parts: where its plan estimates more than `max_bytes`, uncompressed. By `kind`: a part a kind of record. By
 * `ecosystem`: a part an ecosystem, and one for what is of none that is known. Of what is still too large, a part a time window. By `time`: windows
 * of the time at which records were modified alone.
 */
export const sharding = z.strictObject({
  max_bytes: z.int().min(MIN_PART_BYTES).max(MAX_PART_BYTES),
  by: z.enum(['kind', 'ecosystem', 'time']).default('kind'),
})
/** When, and by what, an export comes in parts. */
export type Sharding = z.infer<typeof sharding>
