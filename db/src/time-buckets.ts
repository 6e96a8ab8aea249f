import type { Scope, TimeBucket } from '@stella/core'
import { sql } from 'drizzle-orm'
import { sizesQuery } from './record-bytes.ts'
import type { Transaction } from './session.ts'

/** A scope, and how finely to tell where its bytes lie in time. */
export interface BucketQuery {
  readonly scope: Scope
  /** Bytes of a bucket: about so many, unless records of one millisecond have more. */
  readonly grainBytes: number
  /** Whether the export holds the documents of records besides. */
  readonly withDocuments?: boolean
}

/**
 * The bytes of a scope by the time at which records were modified, in whole milliseconds: buckets in the order of time, before them one
 * with `from: null` for records without a time. A bucket with more than `grainBytes` holds one millisecond alone. At most two buckets for
 * each `grainBytes` of the scope, and two more. Bytes as `kindExtent` counts them.
 * @throws TypeError for a filter value that holds NUL
 */
export async function timeBuckets(tx: Transaction, query: BucketQuery): Promise<TimeBucket[]> {
  const rows = await tx.execute<{ from: string | null; records: number; bytes: number }>(sql.raw(bucketsQuery(query)))
  return rows.map(({ from, records, bytes }) => ({ from, records, bytes }))
}

function bucketsQuery({ scope, grainBytes, withDocuments = false }: BucketQuery): string {
  if (!Number.isSafeInteger(grainBytes) || grainBytes < 1) throw new RangeError('a bucket has at least one byte')
  // A moment that begins in one grain and ends in another stands alone; those between two such are one bucket.
  return `with moments as (
select moment, count(*) as records, sum(bytes) as bytes, sum(sum(bytes)) over (order by moment nulls first) as until
from (
${sizesQuery("date_trunc('milliseconds', r.modified_at) as moment", scope, withDocuments)}
) sizes
group by moment
)
select to_char(min(moment) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "from",
  sum(records)::float8 as records, sum(bytes)::float8 as bytes
from moments
group by moment is null, div(until - bytes, ${grainBytes}), div(until, ${grainBytes})
order by min(moment) nulls first`
}
