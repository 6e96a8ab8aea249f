import type { RecordKind } from '@stella/contracts'
import type { Scope } from '@stella/core'
import { sql } from 'drizzle-orm'

import { documentedRecords } from './mirror-query.ts'
import { scopeCondition } from './scope-conditions.ts'
import type { Transaction } from './session.ts'

/** What a delta compares: what a scope takes as of its revision, and what it took as of an earlier one. */
export interface ChangeScope {
  readonly scope: Scope
  readonly baseRevision: number
}

/**
 * Two SELECTs for COPY, of the columns of `mirrorQuery`: the versions that a scope took as of the earlier revision and that were retired since,
 * and those that came since and are there. Both are range scans whose cost follows what has changed.
 * @throws TypeError for a filter value that holds NUL, RangeError for a revision that is no whole number
 */
export function changeQueries(changed: ChangeScope, kind: RecordKind): { before: string; after: string } {
  const { before, after } = conditions(changed, kind)
  const { tenantId } = changed.scope
  return { before: documentedRecords(tenantId, before), after: documentedRecords(tenantId, after) }
}

/** How many versions of one kind came since the earlier revision, and their bytes: bodies and documents. */
export async function changeExtent(
  tx: Transaction,
  { kind, ...changed }: ChangeScope & { readonly kind: RecordKind },
): Promise<{ records: number; bytes: number }> {
  const rows = await tx.execute<{ records: number; bytes: number }>(
    sql.raw(`select count(*)::float8 as records, coalesce(sum(octet_length(r.body) + a.size_bytes), 0)::float8 as bytes
from public.records r join public.raw_artifacts a on a.tenant_id = r.tenant_id and a.sha256 = r.artifact_sha256
where ${conditions(changed, kind).after}`),
  )
  return rows[0] ?? { records: 0, bytes: 0 }
}

function conditions({ scope, baseRevision }: ChangeScope, kind: RecordKind): { before: string; after: string } {
  if (!Number.isSafeInteger(baseRevision)) throw new RangeError('a ledger revision is a whole number')
  const before = scopeCondition({ ...scope, ledgerRevision: baseRevision }, kind)
  return {
    before: `${before}\n  and r.retired_revision <= ${scope.ledgerRevision}`,
    after: `${scopeCondition(scope, kind)}\n  and r.revision > ${baseRevision}`,
  }
}
