import { pipeline } from 'node:stream/promises'
import type { ISql } from 'postgres'

/** Columns of a staged row, in the order of COPY BINARY. One row a record; `raw` is set on the first row of each document. */
const STAGE_COLUMNS = `
  seq bigint not null,
  kind text collate "C" not null,
  record_key text collate "C" not null,
  document_key text collate "C" not null,
  document_version bigint not null,
  document_modified_at timestamptz,
  modified_at timestamptz,
  body text not null,
  body_sha256 bytea not null,
  content_sha256 bytea not null,
  artifact_sha256 bytea not null,
  raw bytea,
  media_type text not null,
  source text not null,
  subject_folder text collate "C",
  selectors uuid[] not null`

/** A bulk load is one long transaction: memory for its sorts, small samples of its temporary tables. */
const SETTINGS = "set local work_mem = '64MB'; set local jit = off; set local default_statistics_target = 10"
/** As the tables of the ledger: in the row and compressed by lz4, or, where the server has no lz4, as it is. */
const IN_ROW = STAGE_COLUMNS.match(/\w+(?= (?:text|bytea))/g)?.map((column) => `alter ${column} set storage main`)
const STORAGE = {
  lz4: `set local default_toast_compression = 'lz4'; alter table ingest_stage ${IN_ROW}`,
  plain:
    'alter table ingest_stage alter body set storage external, alter raw set storage external, set (toast_tuple_target = 8160)',
}

/**
 * Puts a batch into the temporary table `ingest_stage`, and what its rows are told apart by, without their bytes, into `ingest_rows`:
 * there `place` is the row's `ctid` in the stage, and `leads` true on the first row of each document. The stage is then read only at
 * the places of what is taken in. Both tables live as long as the transaction. Holds one chunk at a time.
 * @param rows - the bytes of COPY BINARY, in chunks of any size; what it throws is thrown on
 */
export async function stageRows(tx: ISql, rows: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  const [server] = await tx`
    select 'lz4' = any (enumvals) as lz4 from pg_settings where name = 'default_toast_compression'`
  await tx.unsafe(`${SETTINGS}; create temporary table ingest_stage (${STAGE_COLUMNS}
  ) on commit drop; ${server?.lz4 ? STORAGE.lz4 : STORAGE.plain}`)

  const copy = tx.unsafe('copy ingest_stage from stdin (format binary)')
  const sink = await copy.writable()
  // The driver has settled its query by now, and would drop the refusal of a row that the server reads after the last chunk.
  const refusal = new Promise<never>((_, reject) => Object.assign(copy, { reject }))
  await Promise.race([pipeline(rows, sink, { signal }), refusal])

  await tx`
    create temporary table ingest_rows on commit drop as
    select ctid as place, seq, kind, record_key, document_key, document_version, document_modified_at, content_sha256, artifact_sha256, source,
      selectors, raw is not null as leads
    from ingest_stage`
  await tx`analyze ingest_rows (seq, kind, record_key, document_key, leads)`
}
