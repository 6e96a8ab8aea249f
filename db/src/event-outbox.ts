import { asc, eq, type InferSelectModel, sql } from 'drizzle-orm'

import { eventOutbox } from './event-outbox-table.ts'
import type { Database } from './open-database.ts'
import type { Transaction } from './session.ts'
import { asSweep } from './stalled-work.ts'

/** A change that is to be published. Those of one run are numbered in the order in which they happened. */
export type RecordedEvent = InferSelectModel<typeof eventOutbox>

/** First half of the key of the lock that publishers of one tenant take; the second is made of its name. */
const PUBLISHER_LOCK = 7355610

/**
 * The oldest events of a tenant, which are this transaction's to publish until it ends: none where another one is publishing. A transaction
 * that does nothing for `holdMs` is ended by the database, so that a process which hangs keeps nobody waiting.
 */
export async function claimEvents(
  tx: Transaction,
  { tenantId, limit, holdMs }: { tenantId: string; limit: number; holdMs: number },
): Promise<RecordedEvent[]> {
  const [lock] = await tx.execute<{ held: boolean }>(sql`
    select pg_try_advisory_xact_lock(${PUBLISHER_LOCK}, hashtext(${tenantId})) as held,
      set_config('idle_in_transaction_session_timeout', ${String(holdMs)}, true)`)
  if (!lock?.held) return []
  // A statement of its own: it has to see what the publisher before took off.
  return tx
    .select()
    .from(eventOutbox)
    .where(eq(eventOutbox.tenantId, tenantId))
    .orderBy(asc(eventOutbox.id))
    .limit(limit)
}

/** Takes events off that were published; those of the tenant of the session alone. */
export async function removeEvents(tx: Transaction, events: readonly RecordedEvent[]): Promise<void> {
  const ids = `{${events.map(({ id }) => id).join(',')}}`
  await tx.execute(sql`select remove_events(${ids}::bigint[])`)
}

/** Tenants that have events to publish, sorted, at most `limit`. Looks at one row of each, however many wait. */
export async function tenantsWithEvents(database: Database, limit: number): Promise<string[]> {
  const rows = await asSweep(database, (tx) =>
    tx.execute<{ tenant: string }>(sql`
      with recursive waiting as (
        (select tenant_id, 1 as place from event_outbox order by tenant_id limit 1)
        union all
        select (select e.tenant_id from event_outbox e where e.tenant_id > waiting.tenant_id order by e.tenant_id limit 1), place + 1
        from waiting where waiting.tenant_id is not null and place < ${limit}
      )
      select tenant_id as tenant from waiting where tenant_id is not null order by tenant_id`),
  )
  return rows.map(({ tenant }) => tenant)
}
