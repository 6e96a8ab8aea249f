import { eq } from 'drizzle-orm'
import { ledgerHeads } from './schema.ts'
import type { Transaction } from './session.ts'

/** When an empty ledger was made. */
export const EPOCH = '1970-01-01T00:00:00Z'

/** The newest revision of a ledger, and its time in whole seconds, rounded down; revision 0 at the epoch for an empty one. */
export async function ledgerHead(
  tx: Transaction,
  { tenantId }: { tenantId: string },
): Promise<{ revision: number; time: string }> {
  const [head] = await tx.select().from(ledgerHeads).where(eq(ledgerHeads.tenantId, tenantId))
  return head ? { revision: head.revision, time: wholeSeconds(head.movedAt) } : { revision: 0, time: EPOCH }
}

/** An RFC 3339 time in UTC without its fraction of a second. */
export function wholeSeconds(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z')
}
