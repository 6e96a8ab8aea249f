import type { RecordKind } from '@stella/contracts'
import type { KeyRange, Scope } from '@stella/core'

import { quoteLiteral } from './quote-literal.ts'
import { scopeCondition } from './scope-conditions.ts'

/**
 * SELECT of the records of one kind and range, for COPY, which takes no parameters: record key (text), body (text), SHA-256 of the body
 * (bytea), by record key bytewise. A session that runs it sets `app.tenant_id`.
 * @throws TypeError for a text that holds NUL
 */
export function rangeQuery(scope: Scope, kind: RecordKind, range: KeyRange): string {
  return `select r.record_key, r.body, r.body_sha256
from public.records r
where ${[scopeCondition(scope, kind), ...rangeConditions(range)].join('\n  and ')}
order by r.record_key collate "C"`
}

/** SQL conditions on `records r` that hold for the keys of a range. */
export function rangeConditions({ from, to }: KeyRange): string[] {
  return [
    ...(from === null ? [] : [`r.record_key >= ${quoteLiteral(from)}`]),
    ...(to === null ? [] : [`r.record_key < ${quoteLiteral(to)}`]),
  ]
}
