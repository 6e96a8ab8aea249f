/**
 * Documents per second into the ledger by one worker process, side by side with COPY FROM of the same bytes into one table.
 *
 *   node bench/ingest/main.mjs [--documents 1000000] [--rounds 3]
 *
 * Needs psql. Starts a whole stack of its own, with the settings of `npm run dev`.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startStack } from '@stella/deploy'
import { baseRecords } from '../jsonl/base-records.mjs'
import { psql } from '../jsonl/psql.mjs'
import { runPeer } from './peer.mjs'
import { report } from './report.mjs'
import { runIngest } from './run-ingest.mjs'
import { writeUpload } from './write-upload.mjs'

const { values } = parseArgs({
  options: { documents: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '3' } },
})
const total = Number(values.documents)
const rounds = Number(values.rounds)

const dir = await mkdtemp(join(tmpdir(), 'stella-bench-'))
try {
  const stack = await startStack({ home: dir, env: process.env })
  try {
    await bench(stack)
  } finally {
    await stack.stop()
  }
} finally {
  await rm(dir, { recursive: true, force: true })
}

async function bench(stack) {
  const bases = await baseRecords()
  const rows = []
  for (const count of new Set([Math.min(100_000, total), total])) {
    const file = join(dir, `${count}.jsonl`)
    rows.push({ count, file, sizeBytes: await writeUpload(file, { bases, count }), ours: [], peer: [] })
  }
  // The first ingest of a process loads its code; it is not counted.
  await runIngest({ stack, ...rows[0] })
  for (let round = 0; round < rounds; round++) {
    for (const { count, file, ours, peer } of rows) {
      peer.push(await runPeer({ ownerUrl: stack.databaseOwnerUrl, file }))
      ours.push(await runIngest({ stack, file, count }))
      console.log(`${count} documents: ${JSON.stringify(ours.at(-1))}, peer ${peer.at(-1).seconds.toFixed(2)} s`)
    }
  }
  const postgres = await psql(stack.databaseOwnerUrl, 'show server_version')
  const page = report({ rounds, bases: bases.length, postgres, rows })
  await writeFile(new URL('RESULTS.md', import.meta.url), page)
  console.log(page)
}
