import { sql } from 'drizzle-orm'

import { namingFailures } from './database-problem.ts'
import type { Database, Transaction } from './open-database.ts'

/**
 * One transaction that sees and writes rows of one tenant only. It is committed when `work` returns and rolled back when it throws.
 * @throws `db/unavailable`, `db/timeout`, `blob/full`, `internal` for failures of the database; what `work` throws otherwise, as it is
 */
export async function withTenant<T>(
  database: Database,
  tenantId: string,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return database.inTurn(() =>
    namingFailures(
      database.queries.transaction(async (tx) => {
        await tx.execute(sql`select set_config('app.tenant_id', ${tenantId}, true)`)
        return work(tx)
      }),
    ),
  )
}
