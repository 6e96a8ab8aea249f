import type { RefusedDocument } from '@stella/contracts'
import type { ISql } from 'postgres'

/** How many staged documents are new, changed and unchanged, and those that lost to another of the same time. */
export interface Verdicts {
  readonly newDocuments: number
  readonly changedDocuments: number
  readonly unchangedDocuments: number
  readonly refused: RefusedDocument[]
}

/**
 * Compares every staged document with those of its key, staged and current, so that neither the order nor the batches of ingestion
 * matter. Of advisories the greatest (time modified, SHA-256 of the content) wins. A JAR has all that it says in its key, so that it is new or known. VEX documents and SBOMs of one key complement each other where
 * their version and time are the greatest: publishers split a document by product, or describe one subject by several tools, and use one
 * id. A document may yield an SBOM and VEX records: its key is one for both kinds, and a newer version retires both. Fills the temporary table `ingest_verdicts`; `replaces`: what is current of the key is retired.
 * The caller holds the head of the tenant's ledger.
 */
export async function judgeDocuments(tx: ISql, tenantId: string): Promise<Verdicts> {
  await tx`create temporary table ingest_verdicts (
    seq bigint not null, kind text collate "C" not null, document_key text collate "C" not null, verdict text not null,
    replaces boolean not null, source text not null, content bytea not null, kept bytea not null
  ) on commit drop`
  await compareAlone(tx, tenantId)
  await compareComplements(tx, tenantId)
  await tx`analyze ingest_verdicts`

  const [counts] = await tx`
    select
      count(*) filter (where verdict = 'new')::int as "newDocuments",
      count(*) filter (where verdict = 'changed')::int as "changedDocuments",
      count(*) filter (where verdict = 'unchanged')::int as "unchangedDocuments"
    from ingest_verdicts`
  const { newDocuments = 0, changedDocuments = 0, unchangedDocuments = 0 } = counts ?? {}
  return { newDocuments, changedDocuments, unchangedDocuments, refused: await refusals(tx) }
}

/** One lookup by index a document: a plan that holds for a batch of one as for a million, whatever the statistics. */
async function compareAlone(tx: ISql, tenantId: string): Promise<void> {
  await tx`
    insert into ingest_verdicts
    select d.seq, d.kind, d.document_key,
      case
        when d.seq = d.best_seq and s.content is null then 'new'
        when d.seq = d.best_seq and o.wins then 'changed'
        when d.content <> o.content and d.version = o.version and d.modified = o.modified then 'conflict'
        else 'unchanged'
      end,
      o.wins and s.content is not null, d.source, d.content, o.content
    from (
      select seq, kind, document_key, source, version, modified, content, first_value(seq) over best as best_seq,
        first_value(version) over best as best_version, first_value(modified) over best as best_modified,
        first_value(content) over best as best_content
      from (
        select seq, kind, document_key, source, document_version as version,
          coalesce(document_modified_at, '-infinity') as modified, content_sha256 as content
        from ingest_rows where leads and kind in ('advisory', 'jar')
      ) documents
      window best as (partition by document_key, kind order by version desc, modified desc, content desc, seq)
    ) d
    left join lateral (
      select r.document_version as version, coalesce(r.document_modified_at, '-infinity') as modified, r.content_sha256 as content
      from public.records r
      where r.tenant_id = ${tenantId} and r.kind = d.kind and r.record_key = d.document_key and r.retired_revision is null
    ) s on true
    cross join lateral (
      select s.content is null or (d.best_version, d.best_modified, d.best_content) > (s.version, s.modified, s.content) as wins
    ) w
    cross join lateral (
      select w.wins, case when w.wins then d.best_version else s.version end as version,
        case when w.wins then d.best_modified else s.modified end as modified,
        case when w.wins then d.best_content else s.content end as content
    ) o`
}

/** A document counts where no newer one of its key is known; it changes something where one of its records is not current. */
async function compareComplements(tx: ISql, tenantId: string): Promise<void> {
  await tx`
    insert into ingest_verdicts
    select d.seq, d.kind, d.document_key,
      case
        when (d.version, d.modified) < (d.best_version, d.best_modified) or d.copy > 1 or o.outdated then 'unchanged'
        when s.version is null then 'new'
        when o.replaces then 'changed'
        when fresh.seq is not null then 'changed'
        else 'unchanged'
      end,
      o.replaces, d.source, d.content, d.content
    from (
      select seq, kind, document_key, source, version, modified, content, first_value(version) over best as best_version,
        first_value(modified) over best as best_modified,
        row_number() over (partition by document_key, content order by seq) as copy
      from (
        select seq, kind, document_key, source, document_version as version,
          coalesce(document_modified_at, '-infinity') as modified, content_sha256 as content
        from ingest_rows where leads and kind in ('vex', 'sbom')
      ) documents
      window best as (partition by document_key order by version desc, modified desc)
    ) d
    left join lateral (
      select r.document_version as version, coalesce(r.document_modified_at, '-infinity') as modified
      from public.records r
      where r.tenant_id = ${tenantId} and r.kind in ('vex', 'sbom') and r.document_key = d.document_key
        and r.retired_revision is null
      limit 1
    ) s on true
    left join (
      select distinct n.seq from ingest_rows n where n.kind in ('vex', 'sbom') and not exists (
        select from public.records r
        where r.tenant_id = ${tenantId} and r.kind = n.kind and r.record_key = n.record_key and r.retired_revision is null
      )
    ) fresh on fresh.seq = d.seq
    cross join lateral (
      select coalesce((d.best_version, d.best_modified) > (s.version, s.modified), false) as replaces,
        coalesce((d.best_version, d.best_modified) < (s.version, s.modified), false) as outdated
    ) o`
}

async function refusals(tx: ISql): Promise<RefusedDocument[]> {
  const rows = await tx<{ source: string; key: string; content: string; kept: string }[]>`
    select source, document_key as key, encode(content, 'hex') as content, encode(kept, 'hex') as kept
    from ingest_verdicts where verdict = 'conflict' order by seq`
  return rows.map(({ source, key, content, kept }) => ({
    source,
    position: '/modified',
    reason:
      `record/conflict: ${key} has two contents of the same time: sha256 ${kept} was kept, ${content} was not; ` +
      'send the right one with a newer `modified`',
  }))
}
