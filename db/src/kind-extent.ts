import type { RecordKind } from '@stella/contracts'
import type { KindExtent, Scope } from '@stella/core'
import { sql } from 'drizzle-orm'
import { recordBytes } from './record-bytes.ts'
import { scopeCondition } from './scope-conditions.ts'
import type { Transaction } from './session.ts'

/** One kind of a scope, how many records a range has, and whether the export holds their documents besides. */
export interface ExtentQuery {
  readonly scope: Scope
  readonly kind: RecordKind
  readonly rangeRecords: number
  readonly withDocuments?: boolean
}

/**
 * What a scope holds of one kind, read in one pass: records, bytes (bodies, or for SBOMs the documents as received), and the key at which
 * every range of `rangeRecords` records begins.
 * @throws TypeError for a filter value that holds NUL
 */
export async function kindExtent(tx: Transaction, query: ExtentQuery): Promise<KindExtent> {
  const [row] = await tx.execute<{ records: number; bytes: number; starts: string[] }>(sql.raw(extentQuery(query)))
  const { records = 0, bytes = 0, starts = [] } = row ?? {}
  return { kind: query.kind, records, bytes, starts }
}

function extentQuery({ scope, kind, rangeRecords, withDocuments = false }: ExtentQuery): string {
  if (!Number.isSafeInteger(rangeRecords) || rangeRecords < 1) throw new RangeError('a range has at least one record')
  const { bytes, join } = recordBytes(kind, withDocuments)
  return `select count(*)::float8 as records, coalesce(sum(bytes), 0)::float8 as bytes,
  coalesce(json_agg(record_key order by place) filter (where place % ${rangeRecords} = 1 % ${rangeRecords}), '[]') as starts
from (
select r.record_key, ${bytes} as bytes, row_number() over (order by r.record_key) as place
from public.records r${join}
where ${scopeCondition(scope, kind)}
) numbered`
}
