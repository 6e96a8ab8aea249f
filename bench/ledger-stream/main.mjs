/**
 * Records per second and the gateway's memory of one whole stream of advisories, side by side with psql over the same rows.
 *
 *   node bench/ledger-stream/main.mjs [--records 1000000] [--rounds 3]
 *
 * Needs psql. Starts a stack of its own.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startTestStack } from '@stella/deploy'
import { corpusRecords } from '../jsonl/corpus-records.mjs'
import { load } from '../jsonl/load.mjs'
import { numberedRecords } from '../jsonl/numbered-records.mjs'
import { psql } from '../jsonl/psql.mjs'
import { median } from '../jsonl/report.mjs'
import { machine } from '../machine.mjs'

const { values } = parseArgs({
  options: { records: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '3' } },
})
const count = Number(values.records)
const SAMPLE_MS = 50
const MIB = 2 ** 20

const stack = await startTestStack()
try {
  await bench()
} finally {
  await stack.stop()
}

async function bench() {
  const url = stack.databaseOwnerUrl
  const corpus = fileURLToPath(new URL('../../../shared/corpus/osv', import.meta.url))
  const bases = await corpusRecords(
    existsSync(corpus) ? corpus : fileURLToPath(new URL('../../samples', import.meta.url)),
  )
  const { meanBytes } = await load({ ownerUrl: url, tenantId: 'bench', records: numberedRecords(bases), count })
  const digest = "decode(repeat('00', 32), 'hex')"
  await psql(
    url,
    `insert into ledger_heads values ('bench', 1, now())`,
    `insert into ingests (tenant_id, id, strict, upload_key, upload_sha256, upload_bytes, created_by) values ('bench', 'ing', false, 'k', ${digest}, 0, 'bench')`,
    `insert into ledger_revisions values ('bench', 1, 'ing', now(), ${count}, 0)`,
    'vacuum (freeze, analyze) records',
  )
  const token = await stack.token({ tenant: 'bench', roles: ['Export.Viewer'] })
  const [ours, peer] = [[], []]
  for (let round = 0; round < Number(values.rounds); round++) {
    ours.push(await streamOnce(token))
    peer.push(peerOnce(url))
    console.log(`round ${round + 1}: ${ours.at(-1).seconds.toFixed(1)} s, peer ${peer.at(-1).toFixed(1)} s`)
  }
  const page = report({ ours, peer, meanBytes, version: await psql(url, 'show server_version') })
  await writeFile(new URL('RESULTS.md', import.meta.url), page)
  console.log(page)
}

function residentBytes() {
  const status = readFileSync(`/proc/${stack.processes.gateway.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) * 1024
}

/** Reads the stream as fast as it comes, checks its end, and watches the gateway's memory. */
async function streamOnce(token) {
  const idle = residentBytes()
  let peak = idle
  const sampling = setInterval(() => {
    peak = Math.max(peak, residentBytes())
  }, SAMPLE_MS)
  const started = performance.now()
  const hash = createHash('sha256')
  let [bytes, rest] = [0, Buffer.alloc(0)]
  await new Promise((resolve, reject) => {
    const asked = request(
      `${stack.url}/ledger/advisories`,
      { headers: { authorization: `Bearer ${token}` } },
      (answer) => {
        answer.on('data', (chunk) => {
          const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
          const keep = Math.min(all.length, 4096) // The end line is shorter.
          hash.update(all.subarray(0, all.length - keep))
          rest = all.subarray(all.length - keep)
          bytes += chunk.length
        })
        answer.on('end', resolve).on('error', reject)
      },
    )
    asked.on('error', reject).end()
  }).finally(() => clearInterval(sampling))
  const seconds = (performance.now() - started) / 1000
  const endAt = rest.lastIndexOf('\n', rest.length - 2) + 1
  const { end } = JSON.parse(rest.subarray(endAt).toString())
  if (end.records !== count || end.sha256 !== hash.update(rest.subarray(0, endAt)).digest('hex'))
    throw new Error('the stream is not whole')
  return { seconds, bytes, aboveIdleMiB: (peak - idle) / MIB, peakMiB: peak / MIB }
}

function peerOnce(url) {
  const started = performance.now()
  const copy = `copy (select record_key, revision, modified_at, artifact_sha256, body_sha256, body from records where tenant_id = 'bench' order by record_key) to stdout`
  execFileSync('sh', ['-c', `psql -X -q -d "$1" -c "$2" > /dev/null`, 'sh', url, copy])
  return (performance.now() - started) / 1000
}

function report({ ours, peer, meanBytes, version }) {
  const [seconds, peerSeconds] = [median(ours.map((run) => run.seconds)), median(peer)]
  const rate = (time) => Math.round(count / time).toLocaleString('en')
  return `# A ledger stream

\`node bench/ledger-stream/main.mjs\` on ${machine()}, PostgreSQL ${version} on the same cores.

${count.toLocaleString('en')} advisories, ${Math.round(meanBytes)} bytes on average; medians of ${ours.length} runs in turn with the peer. Ours: \`GET /ledger/advisories\`, one reader that checks the end
line, through row level security, a transaction a page. Peer: \`psql -c "copy (select … order by record_key) to stdout" > /dev/null\`, as the owner.

- ours: ${rate(seconds)} records/s, ${Math.round(ours[0].bytes / seconds / 1e6)} MB/s; peer: ${rate(peerSeconds)} records/s; ratio ${(peerSeconds / seconds).toFixed(2)}
- the gateway's memory: at most ${Math.round(Math.max(...ours.map((run) => run.aboveIdleMiB)))} MiB above where the run began, ${Math.round(Math.max(...ours.map((run) => run.peakMiB)))} MiB in all
`
}
