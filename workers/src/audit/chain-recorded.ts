import { AUDIT_BATCH_ROWS, AUDIT_CHAIN_TENANTS } from '@stella/contracts'
import { chainAudit, tenantsToChain } from '@stella/db'

import type { WorkerDeps } from '../deps.ts'
import { drainByTurns } from '../drain-by-turns.ts'

/**
 * Makes entries of the audit log out of what was recorded. Any number of workers may do so at once: a chain has one writer at a time, and
 * the second finds nothing left.
 * @throws `db/unavailable` · Error where a chain could not be written; the others were
 */
export async function chainRecorded(
  { database, inTenant }: Pick<WorkerDeps, 'database' | 'inTenant'>,
  signal: AbortSignal,
): Promise<void> {
  const tenants = await tenantsToChain(database, AUDIT_CHAIN_TENANTS)
  const drain = async (tenantId: string) =>
    (await inTenant(tenantId, (tx) => chainAudit(tx, AUDIT_BATCH_ROWS))) === AUDIT_BATCH_ROWS
  await drainByTurns({ tenants, drain }, signal)
}
