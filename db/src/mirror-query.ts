import type { RecordKind } from '@stella/contracts'
import type { KeyRange, Scope } from '@stella/core'

import { quoteLiteral } from './quote-literal.ts'
import { rangeConditions } from './range-query.ts'
import { scopeCondition } from './scope-conditions.ts'

/**
 * SELECT of the records of one kind and range with their documents, for COPY, which takes no parameters: as `rangeQuery`, then SHA-256 (bytea)
 * and content (bytea) of the document, the latter null where the row before is of the same document. A session that runs it sets
 * `app.tenant_id`.
 * @throws TypeError for a text that holds NUL
 */
export function mirrorQuery(scope: Scope, kind: RecordKind, range: KeyRange): string {
  const conditions = [scopeCondition(scope, kind), ...rangeConditions(range)]
  return documentedRecords(scope.tenantId, conditions.join('\n  and '))
}

/** The same of the records for which a condition holds. */
export function documentedRecords(tenantId: string, condition: string): string {
  return `select r.record_key, r.body, r.body_sha256, r.artifact_sha256,
  case when r.is_first then (
    select a.content from public.raw_artifacts a
    where a.tenant_id = ${quoteLiteral(tenantId)} and a.sha256 = r.artifact_sha256
  ) end as content
from (
select r.record_key, r.body, r.body_sha256, r.artifact_sha256,
  r.artifact_sha256 is distinct from lag(r.artifact_sha256) over (order by r.record_key collate "C") as is_first
from public.records r
where ${condition}
) r
order by r.record_key collate "C"`
}
