import { Problem } from '@stella/contracts'
import { type LedgerState, ledgerState, type Transaction } from '@stella/db'

/** The state of a tenant's ledger as of a revision, of the newest for null. @throws `resource/not-found` where it has no such revision */
export async function requireState(
  tx: Transaction,
  { tenantId, revision }: { tenantId: string; revision: number | null },
): Promise<LedgerState> {
  const state = await ledgerState(tx, { tenantId, revision })
  if (state === null) {
    throw new Problem(
      'resource/not-found',
      `the ledger has no revision ${revision} yet: GET /ledger/revisions lists them`,
    )
  }
  return state
}
