import { kindOfGroup, type RecordGroup, STREAM_PAGE_BYTES, STREAM_PAGE_RECORDS } from '@stella/contracts'
import type { Scope } from '@stella/core'
import { sql } from 'drizzle-orm'
import { FILE_NAME, FOLDER_DIGEST_CHARS } from './documents-query.ts'
import { quoteLiteral } from './quote-literal.ts'
import { rangeConditions } from './range-query.ts'
import { scopeCondition } from './scope-conditions.ts'
import { UNKNOWN_SOURCE } from './scope-sources.ts'
import type { Transaction } from './session.ts'

/** Which records of a scope a page takes: keys after `after`, from `from` (inclusive) to `to` (exclusive). */
export interface LedgerPageQuery {
  readonly scope: Scope
  readonly group: RecordGroup
  readonly after: string | null
  readonly from: string | null
  readonly to: string | null
  /** Most records; a page never takes more than `STREAM_PAGE_RECORDS`. */
  readonly limit: number
}

/** Some lines of a ledger stream, each with its line feed. `lastKey` is null where there are none. */
export interface LedgerPage {
  readonly lines: string
  readonly records: number
  readonly lastKey: string | null
  /** Whether the range holds no more records. */
  readonly last: boolean
}

/**
 * The next lines of a ledger stream, put together by the database: bodies pass as the text that is stored. At most
 * `STREAM_PAGE_RECORDS`, and none after the one that reaches `STREAM_PAGE_BYTES`. Source: docs/formats/ledger-stream.md.
 * @throws TypeError for a text that holds NUL
 */
export async function ledgerPage(tx: Transaction, query: LedgerPageQuery): Promise<LedgerPage> {
  const limit = Math.min(query.limit, STREAM_PAGE_RECORDS)
  const [row] = await tx.execute<{ lines: string; records: number; bytes: number; last_key: string | null }>(
    sql.raw(pageQuery(query, limit)),
  )
  const { lines = '', records = 0, bytes = 0, last_key: lastKey = null } = row ?? {}
  return { lines, records, lastKey, last: records < limit && bytes < STREAM_PAGE_BYTES }
}

function pageQuery({ scope, group, after, from, to }: LedgerPageQuery, limit: number): string {
  if (!Number.isSafeInteger(limit)) throw new RangeError('a limit is a whole number')
  const kind = kindOfGroup[group]
  const tenant = quoteLiteral(scope.tenantId)
  const conditions = [
    scopeCondition(scope, kind),
    ...rangeConditions({ from, to }),
    ...(after === null ? [] : [`r.record_key > ${quoteLiteral(after)}`]),
  ]
  const document =
    kind === 'sbom'
      ? ` || ',"folder":' || to_json(${folderOf(scope)})::text || ',"file_name":"' || ${FILE_NAME} || '"'`
      : ''
  const artifact =
    kind === 'sbom' ? `join public.raw_artifacts a on a.tenant_id = ${tenant} and a.sha256 = p.artifact_sha256\n` : ''
  return `select coalesce(string_agg(line, '' order by record_key), '') as lines, count(*)::float8 as records,
  coalesce(sum(bytes), 0)::float8 as bytes, max(record_key) as last_key
from (
select p.record_key, p.bytes, '{"kind":"${kind}","key":' || to_json(p.record_key)::text || ',"revision":' || p.revision
  || ',"modified":' || coalesce('"' || to_char(p.modified_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"', 'null')
  || ',"source":' || to_json(coalesce(i.source_uri, '${UNKNOWN_SOURCE}'))::text
  || ',"artifact_sha256":"' || encode(p.artifact_sha256, 'hex') || '","body_sha256":"' || encode(p.body_sha256, 'hex') || '"'${document}
  || ',"record":' || p.body || E'}\\n' as line
from (
select *, sum(bytes) over (order by record_key rows unbounded preceding) - bytes as bytes_before
from (
select r.record_key, r.revision, r.modified_at, r.subject_folder, r.artifact_sha256, r.body_sha256, r.body, octet_length(r.body) as bytes
from public.records r
where ${conditions.join('\n  and ')}
order by r.record_key collate "C"
limit ${limit}
) r
) p
join public.ledger_revisions l on l.tenant_id = ${tenant} and l.revision = p.revision
${artifact}join public.ingests i on i.tenant_id = ${tenant} and i.id = l.ingest_id
where p.bytes_before < ${STREAM_PAGE_BYTES}
) lines`
}

/** As in `documentsQuery`: a folder of one name with another in the scope gets `~` and a part of the digest. */
function folderOf(scope: Scope): string {
  return `case when exists (
    select from public.records r
    where ${scopeCondition(scope, 'sbom')} and r.subject_folder = p.subject_folder and r.record_key <> p.record_key
  ) then p.subject_folder || '~' || left(encode(p.artifact_sha256, 'hex'), ${FOLDER_DIGEST_CHARS}) else p.subject_folder end`
}
