/**
 * Seconds, size and memory of a Trivy database from the ledger, side by side with upstream's own packages in Go, plain bbolt with sorted
 * keys, and writing the same bytes.
 *
 *   node bench/trivy/main.mjs [--documents 250000] [--rounds 3]
 *
 * Needs psql, Go, bbolt and tar. A document makes four advisories. Starts an embedded Postgres with the settings of `npm run dev`.
 */
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { migrate } from '@stella/db'
import { baseRecords } from '../jsonl/base-records.mjs'
import { load } from '../jsonl/load.mjs'
import { psql } from '../jsonl/psql.mjs'
import { rangeQueries } from '../jsonl/queries.mjs'
import { runDatabase } from '../run-database.mjs'
import { withPostgres } from '../with-postgres.mjs'
import { advisories } from './advisories.mjs'
import { writePeerRows } from './peer-rows.mjs'
import { limit, runPeer, sortedKeys } from './peers.mjs'
import { report } from './report.mjs'

const { values } = parseArgs({
  options: { documents: { type: 'string', default: '250000' }, rounds: { type: 'string', default: '3' } },
})
const total = Number(values.documents)
const rounds = Number(values.rounds)
const profile = { variant: 'db', schema: 2, kind: 'advisory', mapping: 'osv-1.7' }
const scope = { tenantId: 'bench', ledgerRevision: 1, filters: {} }

await withPostgres(bench)

async function bench({ ownerUrl, dir }) {
  const loginUrl = await migrate(ownerUrl)
  const texts = (await baseRecords()).map((text) => JSON.parse(text).details ?? '')
  const records = advisories(texts)
  await load({ ownerUrl, tenantId: scope.tenantId, records, count: total })
  await psql(ownerUrl, 'vacuum (freeze, analyze) records', 'checkpoint')
  const peer = join(dir, 'peer')
  const sources = fileURLToPath(new URL('peer', import.meta.url))
  execFileSync('go', ['build', '-o', peer, '.'], { cwd: sources })

  const rows = [...new Set([Math.floor(total / 10), total])].map((count) => ({ count, ours: [], peer: [], limits: [] }))
  for (const row of rows) {
    const file = join(dir, `rows-${row.count}.jsonl`)
    await writePeerRows(file, { textAt: records.textAt, count: row.count })
    const keyAt = (index) => (index < row.count ? records.idAt(index) : null)
    const queries = rangeQueries({ scope, keyAt: (index) => keyAt(index) ?? records.idAt(row.count), count: row.count })
    for (let round = 0; round < rounds; round++) {
      const ours = await runDatabase({ ...profile, loginUrl, scope, queries, dir })
      row.ours.push(ours)
      const database = join(dir, 'ours', 'trivy.db')
      row.limits.push({ sorted: sortedKeys(database, dir), limit: limit(database, dir) })
      row.peer.push(runPeer({ peer, file, dir }))
      console.log(JSON.stringify({ count: row.count, ours, limits: row.limits.at(-1), peer: row.peer.at(-1) }))
    }
  }
  const page = report({ rounds, postgres: await psql(ownerUrl, 'show server_version'), rows })
  await writeFile(new URL('RESULTS.md', import.meta.url), page)
  console.log(page)
}
