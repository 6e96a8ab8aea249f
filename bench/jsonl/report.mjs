import { execFileSync } from 'node:child_process'
import { machine } from '../machine.mjs'
import { median, resultsTable } from './results-table.mjs'

const titles = [
  'records',
  'readers',
  'records/s',
  'MB/s',
  'peer records/s',
  'ratio',
  'file MB',
  'peer MB',
  'peak RSS over idle, MiB',
  'CPU s',
]

/** The results as a page: one row a number of records and readers. */
export function report({ rounds, meanBytes, bases, postgres, rows }) {
  const measuredOn = `${machine()}, PostgreSQL ${postgres} on the same cores, ${version('zstd')}`
  return `# JSON lines out of the ledger

\`node bench/jsonl/main.mjs\` on ${measuredOn}.

Advisories made from ${bases} real ones, ${Math.round(meanBytes)} bytes on average. Medians of ${rounds} runs in turn with the peer, cache warm. Ours: one worker
process reading as the login role that row level security binds; allow-list, credential detectors, SHA-256 of each record, JSON check,
zstd level 3 in 4 MiB frames, SHA-256 of the file, fsync. Peer, on the same rows, unchecked and without fsync:
\`psql -c "COPY (SELECT body … ORDER BY record_key) TO STDOUT" | tee >(sha256sum) | zstd -3\`.

${resultsTable([titles, ...rows.map(cells)])}

Slowest and fastest run: ${rows.map(spread).join('; ')}. The SHA-256 of the file was the same in all runs of one number of records.
`
}

function cells({ count, readers, ours, peer }) {
  const seconds = median(ours.map((run) => run.seconds))
  const peerSeconds = median(peer.map((run) => run.seconds))
  const [{ plainBytes, sizeBytes }] = ours
  return [
    count.toLocaleString('en'),
    readers,
    Math.round(count / seconds).toLocaleString('en'),
    Math.round(plainBytes / seconds / 1e6),
    Math.round(count / peerSeconds).toLocaleString('en'),
    (peerSeconds / seconds).toFixed(2),
    (sizeBytes / 1e6).toFixed(0),
    (peer[0].sizeBytes / 1e6).toFixed(0),
    Math.max(...ours.map((run) => run.aboveIdleMiB)).toFixed(0),
    median(ours.map((run) => run.cpuSeconds)).toFixed(1),
  ]
}

function spread({ count, readers, ours }) {
  const seconds = ours.map((run) => run.seconds)
  return `${count.toLocaleString('en')} with ${readers} readers ${Math.max(...seconds).toFixed(2)} s and ${Math.min(...seconds).toFixed(2)} s`
}

function version(program) {
  return `${program} ${/\d+\.\d+\.\d+/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[0]}`
}
