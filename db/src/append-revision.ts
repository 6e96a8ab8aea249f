import type { TransactionSql } from 'postgres'

/** What a revision is made of. */
export interface NewRevision {
  readonly tenantId: string
  readonly revision: number
  readonly ingestId: string
}

/** Writes the new and changed documents of `ingest_verdicts` as one revision, and retires what they replace. */
export async function appendRevision(tx: TransactionSql, to: NewRevision): Promise<void> {
  await keepArtifacts(tx, to)
  await retireReplaced(tx, to)
  await insertRecords(tx, to)
}

async function keepArtifacts(tx: TransactionSql, { tenantId, ingestId }: NewRevision): Promise<void> {
  await tx`
    insert into public.raw_artifacts
      (tenant_id, sha256, size_bytes, media_type, source, source_uri, fetched_at, ingest_id, content)
    select i.tenant_id, s.artifact_sha256, octet_length(s.raw), s.media_type, s.source, i.source_uri, i.created_at, i.id, s.raw
    from ingest_stage s join ingest_verdicts v using (seq), public.ingests i
    where v.verdict in ('new', 'changed') and s.raw is not null and i.tenant_id = ${tenantId} and i.id = ${ingestId}
    on conflict do nothing`
}

async function retireReplaced(tx: TransactionSql, { tenantId, revision }: NewRevision): Promise<void> {
  await tx`
    update public.records r set retired_revision = ${revision} from ingest_verdicts v
    where v.verdict = 'changed' and v.replaces and v.kind = 'advisory'
      and r.tenant_id = ${tenantId} and r.kind = v.kind and r.record_key = v.document_key and r.retired_revision is null`
  await tx`
    update public.records r set retired_revision = ${revision} from ingest_verdicts v
    where v.verdict = 'changed' and v.replaces and v.kind <> 'advisory'
      and r.tenant_id = ${tenantId} and r.kind in ('vex', 'sbom') and r.kind <> 'advisory' and r.document_key = v.document_key and r.retired_revision is null`
}

/** Rows go in by key, so that an export reads its pages in their order; selectors in the order of their index, sorted as one text. */
async function insertRecords(tx: TransactionSql, { tenantId, revision }: NewRevision): Promise<void> {
  await tx`
    with written as (
      insert into public.records
        (tenant_id, kind, record_key, document_key, revision, document_version, document_modified_at, modified_at,
        subject_folder, artifact_sha256, content_sha256, body_sha256, body)
      select distinct on (s.kind, s.record_key) ${tenantId}, s.kind, s.record_key, s.document_key, ${revision}::bigint, s.document_version, s.document_modified_at, s.modified_at,
        s.subject_folder, s.artifact_sha256, s.content_sha256, s.body_sha256, s.body
      from ingest_stage s join ingest_verdicts v using (seq)
      where v.verdict in ('new', 'changed')
        and (s.kind = 'advisory' or not exists (
          select from public.records r
          where r.tenant_id = ${tenantId} and r.kind = s.kind and r.record_key = s.record_key and r.retired_revision is null))
      order by s.kind, s.record_key, s.seq
      returning kind, record_key, version_id
    )
    insert into public.record_selectors (tenant_id, name, value, version_id)
    select ${tenantId}, split_part(selector, e'\\x1f', 1), substr(selector, strpos(selector, e'\\x1f') + 1), version_id
    from (
      select distinct selector collate "C" as selector, w.version_id
      from written w join ingest_stage s using (kind, record_key) join ingest_verdicts v using (seq), unnest(s.selectors) selector
      where v.verdict in ('new', 'changed')
      order by selector, version_id
    ) sorted`
}
