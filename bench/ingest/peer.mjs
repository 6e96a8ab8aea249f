import { psql } from '../jsonl/psql.mjs'

/** What the peer fills: one table, one column, no index. */
const TABLE = 'bench_documents'

/** The same bytes by one COPY FROM into one table: a line is a row, and no character means anything. @returns seconds */
export async function runPeer({ ownerUrl, file }) {
  await psql(ownerUrl, `drop table if exists ${TABLE}`, `create table ${TABLE} (document text not null)`, 'checkpoint')
  const started = performance.now()
  await psql(ownerUrl, `\\copy ${TABLE} from '${file}' with (format csv, delimiter E'\\x02', quote E'\\x01')`)
  const seconds = (performance.now() - started) / 1000
  await psql(ownerUrl, `drop table ${TABLE}`)
  return { seconds }
}
