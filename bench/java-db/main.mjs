/**
 * Seconds, size and memory of a Java DB from the ledger, side by side with the loop of upstream's builder on its own package in Go.
 *
 *   node bench/java-db/main.mjs [--jars 5000000] [--rounds 3]
 *
 * Needs psql, Go and tar. Upstream takes minutes for millions of rows: it runs once, ours in each round. Starts an embedded Postgres with the
 * settings of `npm run dev`.
 */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdirSync, rmSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { migrate } from '@stella/db'
import { load } from '../jsonl/load.mjs'
import { psql } from '../jsonl/psql.mjs'
import { rangeQueries } from '../jsonl/queries.mjs'
import { runDatabase } from '../run-database.mjs'
import { limit, timed } from '../trivy/peers.mjs'
import { withPostgres } from '../with-postgres.mjs'
import { jarAt, rowAt } from './jars.mjs'
import { report } from './report.mjs'

const { values } = parseArgs({
  options: { jars: { type: 'string', default: '5000000' }, rounds: { type: 'string', default: '3' } },
})
const total = Number(values.jars)
const rounds = Number(values.rounds)
const scope = { tenantId: 'bench', ledgerRevision: 1, filters: {} }
const database = { variant: 'java-db', schema: 1, kind: 'jar', mapping: 'maven-jar-1' }
/** Keys ascend with the index, as `load` asks; those of a ledger are made of the coordinates. */
const records = { idAt: (index) => String(index).padStart(8, '0'), textAt: (index) => JSON.stringify(jarAt(index)) }

await withPostgres(bench)

async function bench({ ownerUrl, dir }) {
  const loginUrl = await migrate(ownerUrl)
  await load({ ownerUrl, tenantId: scope.tenantId, kind: database.kind, records, count: total })
  await psql(ownerUrl, 'vacuum (freeze, analyze) records', 'checkpoint')
  const peer = join(dir, 'peer')
  execFileSync('go', ['build', '-o', peer, '.'], { cwd: fileURLToPath(new URL('peer', import.meta.url)) })

  const rows = [...new Set([Math.floor(total / 10), total])].map((count) => ({ count, ours: [], limits: [] }))
  for (const row of rows) {
    const { count } = row
    const queries = rangeQueries({ scope, kind: database.kind, keyAt: records.idAt, count })
    for (let round = 0; round < rounds; round++) {
      row.ours.push(await runDatabase({ ...database, loginUrl, scope, queries, dir }))
      row.limits.push(limit(join(dir, 'ours', 'trivy-java.db'), dir))
      console.log(JSON.stringify({ count, ours: row.ours.at(-1), limit: row.limits.at(-1) }))
    }
    row.peer = await runPeer({ peer, count, dir })
    console.log(JSON.stringify({ count, peer: row.peer }))
  }
  const page = report({ rounds, postgres: await psql(ownerUrl, 'show server_version'), rows })
  await writeFile(new URL('RESULTS.md', import.meta.url), page)
  console.log(page)
}

/** Upstream's chain on the same rows as it reads them: its loop and VACUUM, then tar and gzip. */
async function runPeer({ peer, count, dir }) {
  const [file, folder] = [join(dir, 'rows.tsv'), join(dir, 'upstream')]
  const out = createWriteStream(file)
  for (let index = 0; index < count; index++) if (!out.write(rowAt(index))) await once(out, 'drain')
  out.end()
  await once(out, 'close')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  const built = timed(peer, [file, folder])
  const packed = timed('tar', ['-czf', join(folder, 'javadb.tar.gz'), '-C', folder, 'trivy-java.db'])
  return { built, seconds: built + packed, databaseBytes: statSync(join(folder, 'trivy-java.db')).size }
}
