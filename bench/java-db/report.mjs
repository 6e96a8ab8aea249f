import { median, resultsTable } from '../jsonl/results-table.mjs'
import { machine } from '../machine.mjs'

const titles = [
  'JARs',
  'java-db.bundle s',
  'upstream s',
  'ratio',
  'trivy-java.db s',
  'of it writing s',
  'upstream s',
  'ratio',
  'fsync s',
  'trivy-java.db MB',
  'upstream MB',
  'peak RSS over idle, MiB',
  'CPU s',
]

/** The results as a page: one row a number of JARs. */
export function report({ rounds, postgres, rows }) {
  const measuredOn = `${machine()}, PostgreSQL ${postgres} on the same cores`
  return `# A Java DB out of the ledger

\`node bench/java-db/main.mjs\` on ${measuredOn}.

JARs of a Maven index, 25 versions an artifact, each a record. Ours: medians of ${rounds} runs, cache warm, of one worker process reading as the login
role that row level security binds, to the synced file with \`java-db.bundle\`: allow-list, credential detectors, SHA-256 of each record, two external
sorts, SQLite, its check of every page and index beside gzip, SHA-256. \`trivy-java.db\`: up to the database; of it writing: from the last record read.
Upstream: one run of a program on trivy-java-db's own package that reads the same rows as TSV and inserts them as its builder does, a transaction for a
thousand rows, then VACUUM; for the bundle also \`tar -czf\`. fsync: \`dd conv=fsync\` of our database.

${resultsTable([titles, ...rows.map(cells)])}

Slowest and fastest run: ${rows.map(spread).join('; ')}.
`
}

function cells({ count, ours, peer, limits }) {
  const of = (member) => median(ours.map((run) => run[member]))
  const [seconds, database] = [of('seconds'), of('readSeconds') + of('databaseSeconds')]
  return [
    count.toLocaleString('en'),
    seconds.toFixed(2),
    peer.seconds.toFixed(1),
    (peer.seconds / seconds).toFixed(1),
    database.toFixed(2),
    of('databaseSeconds').toFixed(2),
    peer.built.toFixed(1),
    (peer.built / database).toFixed(1),
    median(limits).toFixed(2),
    (ours[0].databaseBytes / 1e6).toFixed(0),
    (peer.databaseBytes / 1e6).toFixed(0),
    Math.max(...ours.map((run) => run.aboveIdleMiB)).toFixed(0),
    of('cpuSeconds').toFixed(1),
  ]
}

function spread({ count, ours }) {
  const seconds = ours.map((run) => run.seconds)
  return `${count.toLocaleString('en')} in ${Math.max(...seconds).toFixed(2)} s and ${Math.min(...seconds).toFixed(2)} s`
}
