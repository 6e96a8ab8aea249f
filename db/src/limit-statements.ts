import { sql } from 'drizzle-orm'

import type { Transaction } from './session.ts'

/** Lets each later statement of a transaction take `milliseconds` at most: one that takes longer fails with `db/timeout`. */
export async function limitStatements(tx: Transaction, milliseconds: number): Promise<void> {
  await tx.execute(sql`select set_config('statement_timeout', ${String(milliseconds)}, true)`)
}
