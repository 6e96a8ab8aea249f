import { median, resultsTable } from '../jsonl/results-table.mjs'
import { machine } from '../machine.mjs'

const titles = [
  'documents',
  'documents/s',
  'MB/s',
  'peer documents/s',
  'ratio',
  'documents/s with the upload',
  'peak RSS over idle, MiB',
  'CPU s of the worker',
  'CPU s of PostgreSQL',
]

/** The results as a page: one row a number of documents. */
export function report({ rounds, bases, postgres, rows }) {
  const measuredOn = `${machine()}, PostgreSQL ${postgres} on the same cores`
  const meanBytes = rows.at(-1).sizeBytes / rows.at(-1).count
  return `# OSV documents into the ledger

\`node bench/ingest/main.mjs\` on ${measuredOn}.

JSON lines of advisories made from ${bases} real ones, ${Math.round(meanBytes)} bytes on average, into an empty ledger. Medians of ${rounds} runs in turn with
the peer. Ours: one worker process, from the upload accepted by the gateway to the batch committed: parsed, checked, made canonical,
hashed, compared with the ledger as the login role that row level security binds, with raw bytes, records, selectors and all indexes in
one transaction. Peer: \`psql -c "\\copy documents from FILE"\` of the same file into one table of one text column without an index.

${resultsTable([titles, ...rows.map(cells)])}

Slowest and fastest run: ${rows.map(spread).join('; ')}.
`
}

function cells({ count, sizeBytes, ours, peer }) {
  const middle = (name) => median(ours.map((run) => run[name]))
  const seconds = middle('seconds')
  const peerSeconds = median(peer.map((run) => run.seconds))
  return [
    count.toLocaleString('en'),
    Math.round(count / seconds).toLocaleString('en'),
    Math.round(sizeBytes / seconds / 1e6),
    Math.round(count / peerSeconds).toLocaleString('en'),
    (peerSeconds / seconds).toFixed(2),
    Math.round(count / (seconds + middle('uploadSeconds'))).toLocaleString('en'),
    Math.max(...ours.map((run) => run.aboveIdleMiB)).toFixed(0),
    middle('workerCpuSeconds').toFixed(1),
    middle('postgresCpuSeconds').toFixed(1),
  ]
}

function spread({ count, ours }) {
  const seconds = ours.map((run) => run.seconds)
  return `${count.toLocaleString('en')} in ${Math.max(...seconds).toFixed(2)} s and ${Math.min(...seconds).toFixed(2)} s`
}
