import type { RecordKind } from '@stella/contracts'
import type { KindExtent, Scope } from '@stella/core'
import { sql } from 'drizzle-orm'
import { scopeCondition } from './scope-conditions.ts'
import type { Transaction } from './session.ts'

/**
 * What a scope holds of one kind, read in one pass: records, bytes (bodies, or for SBOMs the documents as received), and the key at which
 * every range of `rangeRecords` records begins.
 * @throws TypeError for a filter value that holds NUL
 */
export async function kindExtent(
  tx: Transaction,
  { scope, kind, rangeRecords }: { scope: Scope; kind: RecordKind; rangeRecords: number },
): Promise<KindExtent> {
  const [row] = await tx.execute<{ records: number; bytes: number; starts: string[] }>(
    sql.raw(extentQuery(scope, kind, rangeRecords)),
  )
  const { records = 0, bytes = 0, starts = [] } = row ?? {}
  return { kind, records, bytes, starts }
}

function extentQuery(scope: Scope, kind: RecordKind, rangeRecords: number): string {
  if (!Number.isSafeInteger(rangeRecords) || rangeRecords < 1) throw new RangeError('a range has at least one record')
  const [bytes, join] =
    kind === 'sbom'
      ? ['a.size_bytes', ' join public.raw_artifacts a on a.tenant_id = r.tenant_id and a.sha256 = r.artifact_sha256']
      : ['octet_length(r.body)', '']
  return `select count(*)::float8 as records, coalesce(sum(bytes), 0)::float8 as bytes,
  coalesce(json_agg(record_key order by place) filter (where place % ${rangeRecords} = 1 % ${rangeRecords}), '[]') as starts
from (
select r.record_key, ${bytes} as bytes, row_number() over (order by r.record_key) as place
from public.records r${join}
where ${scopeCondition(scope, kind)}
) numbered`
}
