import { resultsTable } from '../jsonl/results-table.mjs'
import { machine } from '../machine.mjs'

const MB = 1e6

/** The results as a page: a table of full mirrors, one of deltas. */
export function report({ postgres, rows }) {
  return `# Mirrors, and deltas between them

\`node bench/mirror/main.mjs\` on ${machine()}, PostgreSQL ${postgres} on the same cores.

A ledger of advisories in four packages each, a document each; a fifth as many VEX statements, a hundred a document; one SBOM of 200 components for 500
advisories. Ours: one worker process reading as the login role that row level security binds, to the synced bundle: allow-list, credential detectors over records
and documents, SHA-256 of each, grouping, compression, indexes, state, container. tar | zstd: \`tar | zstd -3 -T2\` and sync over the same files,
uncompressed and on the disk already. Of each delta every nth document has a new version; it is applied to the mirror before it, and the state that comes out is
compared. zstd --patch-from: a binary patch between both mirrors, uncompressed, level 3.

${resultsTable([
  [
    'advisories',
    'full s',
    'tar and zstd s',
    'ratio',
    'plain MB',
    'full MB',
    'tar and zstd MB',
    'peak RSS over idle, MiB',
    'CPU s',
  ],
  ...rows.map(({ count, full, peer }) => [
    count.toLocaleString('en'),
    full.seconds.toFixed(2),
    peer.seconds.toFixed(2),
    (full.seconds / peer.seconds).toFixed(2),
    (peer.plain / MB).toFixed(0),
    (full.bundleBytes / MB).toFixed(0),
    (peer.bytes / MB).toFixed(0),
    full.aboveIdleMiB.toFixed(0),
    full.cpuSeconds.toFixed(1),
  ]),
])}

${resultsTable([
  [
    'advisories',
    'changed',
    'delta s',
    'delta MB',
    'of the full',
    'RSS, MiB',
    'apply s',
    'to full',
    'RSS, MiB',
    'patch-from s',
    'patch-from MB',
  ],
  ...rows.flatMap(({ count, full, deltas }) =>
    deltas.map(({ part, delta, applied, patch }) => [
      count.toLocaleString('en'),
      `${part * 100} %`,
      delta.seconds.toFixed(2),
      (delta.bundleBytes / MB).toFixed(1),
      `${((100 * delta.bundleBytes) / full.bundleBytes).toFixed(1)} %`,
      delta.aboveIdleMiB.toFixed(0),
      applied.seconds.toFixed(2),
      (applied.seconds / full.seconds).toFixed(2),
      applied.aboveIdleMiB.toFixed(0),
      patch?.seconds.toFixed(2) ?? '',
      patch ? (patch.bytes / MB).toFixed(1) : '',
    ]),
  ),
])}
`
}
