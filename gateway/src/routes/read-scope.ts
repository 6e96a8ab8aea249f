import type { Filters } from '@stella/contracts'
import type { Scope } from '@stella/core'
import type { LedgerState, Transaction } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'
import { requireState } from '../ledger/require-state.ts'
import { requireOwnTenant } from './require-own-tenant.ts'

/** A reading of a tenant's ledger: what filters take of it as of a revision, the newest unless given. */
export interface ScopeToRead {
  readonly tenantId: string
  readonly filters: Filters
  readonly revision?: number | undefined
}

/**
 * What `read` says of a scope, with the state of the ledger that it was read from, both in one transaction.
 * @throws `request/invalid` for filters of another tenant · `resource/not-found` where there is no such revision
 */
export async function readScope<T extends object>(
  { readTenant }: Pick<GatewayDeps, 'readTenant'>,
  { tenantId, filters, revision }: ScopeToRead,
  read: (tx: Transaction, scope: Scope) => Promise<T>,
): Promise<LedgerState & { tenant: string } & T> {
  requireOwnTenant(filters, tenantId)
  return readTenant(tenantId, async (tx) => {
    const state = await requireState(tx, { tenantId, revision: revision ?? null })
    const scope = { tenantId, ledgerRevision: state.revision, filters }
    return { ...state, tenant: tenantId, ...(await read(tx, scope)) }
  })
}
