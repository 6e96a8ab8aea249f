import type { RecordKind } from '@stella/contracts'
import { kindsOf, type Scope } from '@stella/core'

import { quoteLiteral } from './quote-literal.ts'
import { selectorConditions } from './selector-conditions.ts'

/**
 * SQL condition on `records r` that holds for what a scope takes of one kind: the versions that were current as of its revision, and
 * that pass its filters. A time window takes no record without a time of modification.
 * @throws TypeError for a filter value that holds NUL, RangeError for a revision that is no whole number
 */
export function scopeCondition(scope: Scope, kind: RecordKind): string {
  return [`r.kind = ${quoteLiteral(kind)}`, ...filterConditions(scope)].join('\n  and ')
}

/** As `scopeCondition`, for all kinds that the scope includes. */
export function conditionOfScope(scope: Scope): string {
  const kinds = kindsOf(scope.filters).map(quoteLiteral).join(', ')
  return [`r.kind in (${kinds})`, ...filterConditions(scope)].join('\n  and ')
}

function filterConditions({ tenantId, ledgerRevision, filters }: Scope): string[] {
  if (!Number.isSafeInteger(ledgerRevision)) throw new RangeError('a ledger revision is a whole number')
  const { time_from: from, time_to: to, undated = false } = filters
  return [
    `r.tenant_id = ${quoteLiteral(tenantId)}`,
    // The sum keeps the planner from reading by revision, which would cost a sort of the ledger where statistics are young.
    `r.revision + 0 <= ${ledgerRevision}`,
    `(r.retired_revision is null or r.retired_revision > ${ledgerRevision})`,
    ...(from === undefined ? [] : [`r.modified_at >= ${quoteLiteral(from)}::timestamptz`]),
    ...(to === undefined ? [] : [`r.modified_at < ${quoteLiteral(to)}::timestamptz`]),
    ...(undated ? ['r.modified_at is null'] : []),
    ...selectorConditions(tenantId, filters),
  ]
}
