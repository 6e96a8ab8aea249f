import type { RunState } from '@stella/contracts'
import { boolean, pgTable, primaryKey } from 'drizzle-orm/pg-core'

import { bytewiseText, count, now, recordedAt, tenantId } from './column-types.ts'

/** What changed and is not published yet: a run reached `state`, or a verification of it came to a verdict. Triggers write it. */
export const eventOutbox = pgTable(
  'event_outbox',
  {
    tenantId,
    id: count('id').generatedAlwaysAsIdentity(),
    recordedAt: recordedAt('recorded_at').notNull().default(now),
    runId: bytewiseText('run_id').notNull(),
    state: bytewiseText('state').$type<RunState>(),
    verificationId: bytewiseText('verification_id'),
    ok: boolean('ok'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)
