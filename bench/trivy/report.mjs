import { median, resultsTable } from '../jsonl/results-table.mjs'
import { machine } from '../machine.mjs'

const titles = [
  'advisories',
  'db.bundle s',
  'trivy.db s',
  'of it writing s',
  'upstream s',
  'ratio',
  'bbolt sorted s',
  'fsync s',
  'trivy.db MB',
  'upstream MB',
  'peak RSS over idle, MiB',
  'CPU s',
]

/** The results as a page: one row a number of documents. */
export function report({ rounds, postgres, rows }) {
  const measuredOn = `${machine()}, PostgreSQL ${postgres} on the same cores`
  return `# A Trivy database out of the ledger

\`node bench/trivy/main.mjs\` on ${measuredOn}.

Documents of one vulnerability in four packages each, in 40 buckets, with 1.5 KB to tell of it. Medians of ${rounds} runs in turn with the peers, cache
warm. Ours: one worker process reading as the login role that row level security binds, to the synced file with \`db.bundle\`: allow-list, credential
detectors, SHA-256 of each document, mapping, sorting, writing, the check of every key and value beside gzip, SHA-256. \`trivy.db\`: up to the
database; of it writing: from the last document read. Upstream: a program on trivy-db's own packages that is given rows mapped beforehand, \`bbolt
compact\`, \`tar -czf\`. bbolt sorted: \`bbolt compact\` of our database. fsync: \`dd conv=fsync\` of it.

${resultsTable([titles, ...rows.map(cells)])}

Slowest and fastest run: ${rows.map(spread).join('; ')}.
`
}

function cells({ count, ours, peer, limits }) {
  const of = (runs, member) => median(runs.map((run) => run[member]))
  const [seconds, upstream] = [of(ours, 'seconds'), of(peer, 'seconds')]
  return [
    (count * 4).toLocaleString('en'),
    seconds.toFixed(2),
    (of(ours, 'readSeconds') + of(ours, 'databaseSeconds')).toFixed(2),
    of(ours, 'databaseSeconds').toFixed(2),
    upstream.toFixed(1),
    (upstream / seconds).toFixed(1),
    of(limits, 'sorted').toFixed(2),
    of(limits, 'limit').toFixed(2),
    (ours[0].databaseBytes / 1e6).toFixed(0),
    (peer[0].databaseBytes / 1e6).toFixed(0),
    Math.max(...ours.map((run) => run.aboveIdleMiB)).toFixed(0),
    of(ours, 'cpuSeconds').toFixed(1),
  ]
}

function spread({ count, ours }) {
  const seconds = ours.map((run) => run.seconds)
  return `${(count * 4).toLocaleString('en')} in ${Math.max(...seconds).toFixed(2)} s and ${Math.min(...seconds).toFixed(2)} s`
}
