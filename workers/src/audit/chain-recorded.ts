import { AUDIT_BATCH_ROWS, AUDIT_CHAIN_TENANTS } from '@stella/contracts'
import { chainAudit, tenantsToChain } from '@stella/db'

import type { WorkerDeps } from '../deps.ts'

/**
 * Makes entries of the audit log out of what was recorded, tenant by tenant, a batch each, so that a busy one holds up no other. Any
 * number of workers may do so at once: a chain has one writer at a time, and the second finds nothing left.
 */
export async function chainRecorded(
  { database, inTenant }: Pick<WorkerDeps, 'database' | 'inTenant'>,
  signal: AbortSignal,
): Promise<void> {
  let waiting = await tenantsToChain(database, AUDIT_CHAIN_TENANTS)
  while (waiting.length > 0) {
    const full: string[] = []
    for (const tenantId of waiting) {
      if (signal.aborted) return
      const chained = await inTenant(tenantId, (tx) => chainAudit(tx, AUDIT_BATCH_ROWS))
      if (chained === AUDIT_BATCH_ROWS) full.push(tenantId)
    }
    waiting = full
  }
}
