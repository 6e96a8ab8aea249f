import type { ISql } from 'postgres'

/** What a revision is made of. */
export interface NewRevision {
  readonly tenantId: string
  readonly revision: number
  readonly ingestId: string
}

/** Writes the new and changed documents of `ingest_verdicts` as one revision, and retires what they replace. */
export async function appendRevision(tx: ISql, to: NewRevision): Promise<void> {
  await keepArtifacts(tx, to)
  await retireReplaced(tx, to)
  await placeRecords(tx, to)
  await insertRecords(tx, to)
  await insertSelectors(tx, to)
}

/** Bytes that the tenant has are not written again: only the holder of its ledger's head writes them, so one look is enough. */
async function keepArtifacts(tx: ISql, { tenantId, ingestId }: NewRevision): Promise<void> {
  await tx`
    insert into public.raw_artifacts
      (tenant_id, sha256, size_bytes, media_type, source, source_uri, fetched_at, ingest_id, content)
    select i.tenant_id, s.artifact_sha256, octet_length(s.raw), s.media_type, s.source, i.source_uri, i.created_at, i.id, s.raw
    from public.ingests i, (
      select min(n.place) as place
      from ingest_rows n join ingest_verdicts v using (seq)
      where n.leads and v.verdict in ('new', 'changed') and not exists (
        select from public.raw_artifacts a where a.tenant_id = ${tenantId} and a.sha256 = n.artifact_sha256 offset 0)
      group by n.artifact_sha256 order by 1
    ) kept cross join lateral (select * from ingest_stage where ctid = kept.place offset 0) s
    where i.tenant_id = ${tenantId} and i.id = ${ingestId}`
}

/** Looks first whether there is anything: of nothing the planner expects a row, and may read all verdicts for every record. */
async function retireReplaced(tx: ISql, { tenantId, revision }: NewRevision): Promise<void> {
  const [replaced] = await tx`
    select coalesce(bool_or(kind in ('advisory', 'jar')), false) as alone, coalesce(bool_or(kind in ('vex', 'sbom')), false) as complements
    from ingest_verdicts where verdict = 'changed' and replaces`
  if (replaced?.alone)
    await tx`
      update public.records r set retired_revision = ${revision} from ingest_verdicts v
      where v.verdict = 'changed' and v.replaces and v.kind in ('advisory', 'jar')
        and r.tenant_id = ${tenantId} and r.kind = v.kind and r.record_key = v.document_key and r.retired_revision is null`
  if (replaced?.complements)
    await tx`
      update public.records r set retired_revision = ${revision} from ingest_verdicts v
      where v.verdict = 'changed' and v.replaces and v.kind in ('vex', 'sbom')
        and r.tenant_id = ${tenantId} and r.kind in ('vex', 'sbom') and r.document_key = v.document_key and r.retired_revision is null`
}

/** Fills the temporary table `ingest_places`: the rows of the stage that become records, by key, numbered from 1. */
async function placeRecords(tx: ISql, { tenantId }: NewRevision): Promise<void> {
  await tx`
    create temporary table ingest_places on commit drop as
    select row_number() over (order by kind, record_key)::integer as ordinal, place, selectors
    from (
      select distinct on (n.kind, n.record_key) n.kind, n.record_key, n.place, n.selectors
      from ingest_rows n join ingest_verdicts v using (seq)
      where v.verdict in ('new', 'changed')
        and (n.kind in ('advisory', 'jar') or not exists (
          select from public.records r
          where r.tenant_id = ${tenantId} and r.kind = n.kind and r.record_key = n.record_key and r.retired_revision is null))
      order by n.kind, n.record_key, n.seq
    ) taken`
}

/** Rows go in by key, so that an export reads its pages in their order. */
async function insertRecords(tx: ISql, { tenantId, revision }: NewRevision): Promise<void> {
  await tx`
    insert into public.records
      (tenant_id, kind, record_key, document_key, revision, ordinal, document_version, document_modified_at, modified_at,
      subject_folder, artifact_sha256, content_sha256, body_sha256, body)
    select ${tenantId}, s.kind, s.record_key, s.document_key, ${revision}::bigint, p.ordinal, s.document_version, s.document_modified_at,
      s.modified_at, s.subject_folder, s.artifact_sha256, s.content_sha256, s.body_sha256, s.body
    from ingest_places p cross join lateral (select * from ingest_stage where ctid = p.place offset 0) s`
}

/** In the order of their index. */
async function insertSelectors(tx: ISql, { tenantId, revision }: NewRevision): Promise<void> {
  await tx`
    insert into public.record_selectors (tenant_id, selector, revision, ordinal)
    select ${tenantId}, selector, ${revision}::bigint, ordinal
    from ingest_places, unnest(selectors) selector
    order by selector, ordinal`
}
