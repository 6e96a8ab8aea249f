import { z } from 'zod'

import { MAX_OVERVIEW_COUNT, MAX_OVERVIEW_RUNS, MAX_OVERVIEW_SOURCES } from './limits.ts'
import { runStates } from './run.ts'

const period = z.strictObject({
  succeeded: z.int(),
  failed: z.int(),
  cancelled: z.int(),
  /** Failed runs by error class. */
  failures: z.record(z.string(), z.int()),
  /** Of the runs that succeeded: records and bytes of bundles. */
  records: z.int(),
  bytes: z.int(),
  /** Milliseconds from start to end of runs that succeeded; null without any. */
  duration_ms: z.strictObject({ p50: z.number(), p90: z.number(), p99: z.number() }).nullable(),
  /** True where more than MAX_OVERVIEW_RUNS runs ended: the numbers are of the latest. */
  truncated: z.boolean().describe(`More than ${MAX_OVERVIEW_RUNS} runs ended: the numbers are of the latest.`),
})
/** What became of runs in a stretch of time. */
export type OverviewPeriod = z.infer<typeof period>

/** A tenant in numbers. */
export const overview = z.strictObject({
  /** Runs by state, those of a run's parts aside. */
  runs: z
    .record(z.enum(runStates), z.int())
    .describe(`Runs by state; ${MAX_OVERVIEW_COUNT} stands for as many or more.`),
  last_24h: period,
  last_7d: period,
  queue: z.strictObject({
    waiting: z.int(),
    /** Since when the run waits that waits longest. */
    oldest: z.iso.datetime().nullable(),
  }),
  ledger: z.strictObject({
    revision: z.int(),
    /** Documents that ever went in, each version counted. */
    documents: z.int(),
  }),
  /** Per source, the newest batch that was completed. */
  sources: z.array(z.strictObject({ source: z.string(), ingested_at: z.iso.datetime() })).max(MAX_OVERVIEW_SOURCES),
})
/** A tenant in numbers. */
export type Overview = z.infer<typeof overview>
