import type { VerificationVerdict } from '@stella/contracts'
import { sql } from 'drizzle-orm'
import { foreignKey, index, json, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'

import { bytewiseText, now, recordedAt, tenantId } from './column-types.ts'
import { exportRuns } from './schema.ts'

/** Verifications of stored exports. One that has ended cannot be changed. */
export const runVerifications = pgTable(
  'run_verifications',
  {
    tenantId,
    id: bytewiseText('id').notNull(),
    runId: bytewiseText('run_id').notNull(),
    state: bytewiseText('state').$type<'requested' | 'completed' | 'failed'>().notNull().default('requested'),
    verdict: json('verdict').$type<VerificationVerdict>(),
    errorClass: text('error_class'),
    errorMessage: text('error_message'),
    createdBy: text('created_by').notNull(),
    createdAt: recordedAt('created_at').notNull().default(now),
    heartbeatAt: recordedAt('heartbeat_at').notNull().default(now),
    finishedAt: recordedAt('finished_at'),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    foreignKey({ columns: [table.tenantId, table.runId], foreignColumns: [exportRuns.tenantId, exportRuns.id] }),
    index('run_verifications_of_run').on(table.tenantId, table.runId, table.createdAt, table.id),
    uniqueIndex('run_verifications_waiting').on(table.tenantId, table.runId).where(sql`state = 'requested'`),
  ],
)
