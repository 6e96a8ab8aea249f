import type { AuditAction, AuditEntry, AuditOutcome, Role } from '@stella/contracts'
import { and, asc, desc, eq, gt, type InferSelectModel, lt, sql } from 'drizzle-orm'

import { auditEntries, auditOutbox } from './audit-tables.ts'
import type { Database } from './open-database.ts'
import { decodeNumberCursor, type Page, pageOfRows } from './page-cursor.ts'
import type { Transaction } from './session.ts'
import { asSweep } from './stalled-work.ts'

/** What the audit log is told. `tenantId` names the chain: a tenant's, or `INSTALLATION_CHAIN`. */
export interface AuditFact {
  readonly tenantId: string
  readonly actor: string | null
  readonly roles: readonly Role[]
  readonly action: AuditAction
  readonly resource: string
  readonly outcome: AuditOutcome
  readonly code: string | null
  readonly requestId: string
  readonly omitted: number
}

/** Which entries to list. */
export interface AuditQuery {
  readonly tenantId: string
  readonly order: 'asc' | 'desc'
  readonly limit: number
  readonly cursor?: string | undefined
}

/**
 * Records what was done or refused: in the transaction of the action itself, so that neither is there without the other. No lock is
 * taken; `chainAudit` makes it an entry of the log.
 */
export async function recordAudit(tx: Transaction, ...facts: readonly AuditFact[]): Promise<void> {
  // Not by the query builder: it names every column, and number and time are the database's to say.
  await tx.execute(sql`
    insert into audit_outbox (tenant_id, actor, roles, action, resource, outcome, code, request_id, omitted)
    select "tenantId", actor, array(select json_array_elements_text(roles)), action, resource, outcome, code, "requestId", omitted
    from json_to_recordset(${JSON.stringify(facts)}::json) as fact ("tenantId" text, actor text, roles json, action text, resource text,
      outcome text, code text, "requestId" text, omitted integer)`)
}

/** Chains what the tenant of the session has recorded, the oldest first, at most `limit`; answers how many entries that made. */
export async function chainAudit(tx: Transaction, limit: number): Promise<number> {
  const [row] = await tx.execute<{ chained: number }>(sql`select chain_audit(${limit}::integer) as chained`)
  return row?.chained ?? 0
}

/** Chains that have recorded something that is no entry yet, sorted, at most `limit`. */
export async function tenantsToChain(database: Database, limit: number): Promise<string[]> {
  const { tenantId } = auditOutbox
  const rows = await asSweep(database, (tx) =>
    tx.selectDistinct({ tenantId }).from(auditOutbox).orderBy(asc(tenantId)).limit(limit),
  )
  return rows.map((row) => row.tenantId)
}

/**
 * A page of the audit log, as it is chained so far.
 * @throws `request/invalid` for a cursor that cannot be read
 */
export async function listAudit(tx: Transaction, query: AuditQuery): Promise<Page<AuditEntry>> {
  const { tenantId, order, limit, cursor } = query
  const { seq } = auditEntries
  const ascending = order === 'asc'
  const after = cursor === undefined ? undefined : decodeNumberCursor('audit', cursor)
  const rows = await tx
    .select()
    .from(auditEntries)
    .where(
      and(
        eq(auditEntries.tenantId, tenantId),
        after === undefined ? undefined : ascending ? gt(seq, after) : lt(seq, after),
      ),
    )
    .orderBy(ascending ? asc(seq) : desc(seq))
    .limit(limit + 1)
  return pageOfRows(rows, { list: 'audit', limit, keyOf: (row) => [String(row.seq)], itemOf: entryOf })
}

function entryOf(row: InferSelectModel<typeof auditEntries>): AuditEntry {
  return {
    tenant: row.tenantId,
    seq: row.seq,
    time: row.recordedAt,
    actor: row.actor,
    roles: row.roles,
    action: row.action,
    resource: row.resource,
    outcome: row.outcome,
    code: row.code,
    request_id: row.requestId,
    omitted: row.omitted,
    prev_hash: row.prevHash,
    hash: row.hash,
  }
}
