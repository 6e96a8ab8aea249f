import { finalRunStates } from '@stella/contracts'
import type { SealAttempt } from '@stella/core'
import { and, asc, eq, inArray, sql } from 'drizzle-orm'

import { exportRuns } from './schema.ts'
import type { Transaction } from './session.ts'

/** Those of a tenant's attempts whose run has ended without their bytes: it names another attempt or none, or has had all removed. */
export async function strayAttempts(
  tx: Transaction,
  tenantId: string,
  attempts: readonly Pick<SealAttempt, 'runId' | 'attempt'>[],
): Promise<Pick<SealAttempt, 'runId' | 'attempt'>[]> {
  const { id, state, sealed, pruned } = exportRuns
  const given = sql`json_to_recordset(${JSON.stringify(attempts)}::json) as given ("runId" text, attempt text)`
  const attempt = sql<string>`given.attempt`
  return tx
    .select({ runId: id, attempt })
    .from(exportRuns)
    .innerJoin(given, sql`${id} = given."runId"`)
    .where(
      and(
        eq(exportRuns.tenantId, tenantId),
        inArray(state, [...finalRunStates]),
        sql`(${sealed} ->> 'attempt' is distinct from ${attempt} or ${pruned} = 'all')`,
      ),
    )
    .orderBy(asc(id), asc(attempt))
}
