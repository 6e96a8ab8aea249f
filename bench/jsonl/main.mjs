/**
 * Records per second, megabytes per second and memory of writing JSON lines, side by side with psql, sha256sum and zstd.
 *
 *   node bench/jsonl/main.mjs [--records 1000000] [--rounds 3] [--readers 2,3]
 *
 * Needs psql, zstd, tar and sha256sum. Uses the database of OWNER_DATABASE_URL, which must be empty and whose server may be tuned to its
 * machine, or an embedded Postgres of its own with the settings of `npm run dev`.
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { migrate } from '@stella/db'
import { withPostgres } from '../with-postgres.mjs'
import { baseRecords } from './base-records.mjs'
import { load } from './load.mjs'
import { numberedRecords } from './numbered-records.mjs'
import { runPeer } from './peer.mjs'
import { psql } from './psql.mjs'
import { peerCopy, rangeQueries } from './queries.mjs'
import { report } from './report.mjs'
import { runWriter } from './run-writer.mjs'

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    readers: { type: 'string', default: '2,3' },
  },
})
const total = Number(values.records)
const rounds = Number(values.rounds)
const readerCounts = values.readers.split(',').map(Number)
const scope = { tenantId: 'bench', ledgerRevision: 1, filters: {} }

await withPostgres(bench, { ownerUrl: process.env.OWNER_DATABASE_URL })

async function bench({ ownerUrl, dir }) {
  const loginUrl = await migrate(ownerUrl)
  const bases = await baseRecords()
  const { keyAt, meanBytes } = await load({
    ownerUrl,
    tenantId: scope.tenantId,
    records: numberedRecords(bases),
    count: total,
  })
  await psql(ownerUrl, 'vacuum (freeze, analyze) records', 'checkpoint')
  const counts = [...new Set([Math.min(100_000, total), total])]

  const rows = counts.flatMap((count) => readerCounts.map((readers) => ({ count, readers, ours: [], peer: [] })))
  for (let round = 0; round < rounds; round++) {
    for (const count of counts) {
      const peer = await runPeer({ ownerUrl, copy: peerCopy({ scope, keyAt, count }), dir })
      for (const row of rows.filter((candidate) => candidate.count === count)) {
        const queries = rangeQueries({ scope, keyAt, count })
        const ours = await runWriter({ loginUrl, scope, queries, readers: row.readers, dir })
        row.ours.push(ours)
        row.peer.push(peer)
        console.log(
          `${count} records, ${row.readers} readers: ${ours.seconds.toFixed(2)} s, peer ${peer.seconds.toFixed(2)} s`,
        )
      }
    }
  }
  checkSame(rows)
  const version = await psql(ownerUrl, 'show server_version')
  const postgres = `${version} (shared_buffers ${await psql(ownerUrl, 'show shared_buffers')})`
  const page = report({ rounds, meanBytes, bases: bases.length, postgres, rows })
  await writeFile(new URL('RESULTS.md', import.meta.url), page)
  console.log(page)
}

/** Bytes must depend neither on the number of readers nor on the run. */
function checkSame(rows) {
  for (const { count } of rows) {
    const digests = rows.filter((row) => row.count === count).flatMap((row) => row.ours.map((run) => run.sha256))
    if (new Set(digests).size !== 1) throw new Error(`runs over ${count} records wrote different bytes`)
  }
}
