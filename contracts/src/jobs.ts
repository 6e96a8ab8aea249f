import { z } from 'zod'

import { tenantId } from './tenant.ts'

const ofRun = z.strictObject({ tenantId, runId: z.string() })

/** Work on the stream `EXPORT_JOBS`, by subject `export.jobs.<step>`. */
export const jobs = {
  ingest: z.strictObject({ tenantId, ingestId: z.string() }),
  plan: ofRun,
  write: z.strictObject({ tenantId, runId: z.string(), shard: z.int().min(0) }),
  seal: ofRun,
  verify: z.strictObject({ tenantId, verificationId: z.string() }),
} as const

/** A step of the road that is done by jobs. */
export type JobStep = keyof typeof jobs
/** The message of a step. */
export type JobMessage<S extends JobStep> = z.infer<(typeof jobs)[S]>

/** A job to publish. The bus drops a second one with the same `dedupeId` within its window. */
export type Job = { [S in JobStep]: { step: S; message: JobMessage<S>; dedupeId: string } }[JobStep]
