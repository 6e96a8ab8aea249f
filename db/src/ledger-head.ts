import { eq } from 'drizzle-orm'

import type { Transaction } from './open-database.ts'
import { ledgerHeads } from './schema.ts'

const EPOCH = '1970-01-01T00:00:00Z'

/** The newest revision of a ledger, and its time in whole seconds, rounded down; revision 0 at the epoch for an empty one. */
export async function ledgerHead(
  tx: Transaction,
  { tenantId }: { tenantId: string },
): Promise<{ revision: number; time: string }> {
  const [head] = await tx.select().from(ledgerHeads).where(eq(ledgerHeads.tenantId, tenantId))
  return head ? { revision: head.revision, time: head.movedAt.replace(/\.\d+Z$/, 'Z') } : { revision: 0, time: EPOCH }
}
