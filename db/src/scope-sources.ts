import type { Coverage } from '@stella/contracts'
import type { IngestInput, Scope } from '@stella/core'
import { sql } from 'drizzle-orm'
import { instantOf } from './instant.ts'
import { conditionOfScope } from './scope-conditions.ts'
import type { Transaction } from './session.ts'

/** Stands for a source that the one who ingested did not name. */
export const UNKNOWN_SOURCE = 'urn:stella:unknown'

/** What each source gave to a scope: its records, the newest time of modification, the newest fetch. Ordered by source, bytewise. */
export async function coverage(tx: Transaction, { scope }: { scope: Scope }): Promise<Coverage[]> {
  const rows = await tx.execute<{ source: string; records: number; newest: string | null; fetched: string }>(
    sql.raw(`select coalesce(i.source_uri, '${UNKNOWN_SOURCE}') collate "C" as source, sum(given.records)::float8 as records,
  max(given.newest) as newest, max(i.created_at) as fetched
from (
select r.tenant_id, r.revision, count(*) as records, max(r.modified_at) as newest
from public.records r
where ${conditionOfScope(scope)}
group by r.tenant_id, r.revision
) given
join public.ledger_revisions l using (tenant_id, revision)
join public.ingests i on i.tenant_id = l.tenant_id and i.id = l.ingest_id
group by 1 order by 1`),
  )
  return rows.map(({ source, records, newest, fetched }) => ({
    source,
    records,
    newest_record: newest === null ? null : instantOf(newest),
    fetched_at: instantOf(fetched),
  }))
}

/**
 * The batches of ingestion that gave documents to a scope, by revision: how many distinct documents, and the SHA-256 over their sorted
 * digests, 32 bytes each. Of more than `limit` the latest are named; `omitted` counts the others.
 */
export async function ingestInputs(
  tx: Transaction,
  { scope, limit }: { scope: Scope; limit: number },
): Promise<{ inputs: IngestInput[]; omitted: number }> {
  if (!Number.isSafeInteger(limit)) throw new RangeError('a limit is a whole number')
  const rows = await tx.execute<{ [K in keyof IngestInput]: IngestInput[K] } & { total: number }>(
    sql.raw(`select i.id as "ingestId", coalesce(i.source_uri, '${UNKNOWN_SOURCE}') as "sourceUri", given.revision::float8 as revision,
  given.artifacts::float8 as artifacts, given.sha256, (count(*) over ())::float8 as total
from (
select tenant_id, revision, count(*) as artifacts,
  encode(sha256(string_agg(artifact_sha256, ''::bytea order by artifact_sha256)), 'hex') as sha256
from (
select distinct r.tenant_id, r.revision, r.artifact_sha256
from public.records r
where ${conditionOfScope(scope)}
) artifacts
group by tenant_id, revision
) given
join public.ledger_revisions l using (tenant_id, revision)
join public.ingests i on i.tenant_id = l.tenant_id and i.id = l.ingest_id
order by given.revision desc
limit ${limit}`),
  )
  const inputs = rows.map(({ total: _total, ...input }) => input).reverse()
  return { inputs, omitted: (rows[0]?.total ?? 0) - inputs.length }
}
