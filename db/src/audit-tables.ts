import type { AuditAction, AuditOutcome, Role } from '@stella/contracts'
import { integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'

import { bytewiseText, count, digest, now, recordedAt, tenantId } from './column-types.ts'

/** The members of an audit entry that its recorder says. */
const auditFacts = {
  recordedAt: recordedAt('recorded_at').notNull(),
  actor: text('actor'),
  roles: text('roles').array().$type<Role[]>().notNull(),
  action: bytewiseText('action').$type<AuditAction>().notNull(),
  resource: text('resource').notNull(),
  outcome: bytewiseText('outcome').$type<AuditOutcome>().notNull(),
  code: bytewiseText('code'),
  requestId: text('request_id').notNull(),
  omitted: integer('omitted').notNull(),
}

/** What was done or refused and is not in the audit log yet. */
export const auditOutbox = pgTable(
  'audit_outbox',
  {
    tenantId,
    id: count('id').generatedAlwaysAsIdentity(),
    ...auditFacts,
    recordedAt: auditFacts.recordedAt.default(now),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)

/** The audit log: a chain a tenant, numbered and hashed by the database. */
export const auditEntries = pgTable(
  'audit_entries',
  {
    tenantId,
    seq: count('seq').notNull(),
    ...auditFacts,
    prevHash: digest('prev_hash').notNull(),
    hash: digest('hash').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.seq] })],
)
