import { median, resultsTable } from '../jsonl/results-table.mjs'
import { machine } from '../machine.mjs'

const MB = 1e6

/** The results as a page. */
export function report({ count, mirror, imported, cold, reader, rounds, sqlite }) {
  const of = (result, member) => median(result.rounds.map((round) => round[member]))
  const ours = rounds[0]
  return `# A mirror, served without network

\`node bench/reader/main.mjs\` on ${machine()}. ${count.toLocaleString('en')} advisories of four packages each, a mirror of ${(mirror.bytes / MB).toFixed(0)} MB.

- Import, to what serves: ${imported.seconds.toFixed(1)} s, at most ${Math.round(imported.peakMiB)} MiB resident. It verifies every file, record and index, unpacks, and builds
  the search by words.
- Start, to the first answer: ${cold.startSeconds.toFixed(2)} s${cold.wasDropped ? ' with nothing in the cache of the system' : ''}, ${reader.startSeconds.toFixed(2)} s when it was started before; ${Math.round(reader.startMiB)} MiB resident.
- The first questions after a cold start, one by one: half within ${cold.p50Ms.toFixed(1)} ms, 99 % within ${cold.p99Ms.toFixed(1)} ms; ${cold.records.toFixed(1)} advisories an answer.

Questions for a package with a version, over all packages of npm, 64 connections, servers in turn, medians of ${ours.rounds.length} rounds. The load shares the cores. The bare server
answers the bytes of one answer again and again. SQLite: the same advisories in a table with an index, asked in one process by its library, without HTTP and without
judging versions.

${resultsTable([
  ['server', 'answers/s', 'reader is', 'answers/s of one core', 'p50 ms', 'p99 ms', 'peak RSS, MiB'],
  ...rounds.map((result) => [
    result.name,
    Math.round(of(result, 'perSecond')),
    (of(ours, 'perSecond') / of(result, 'perSecond')).toFixed(2),
    Math.round(1e6 / of(result, 'cpuMicros')),
    of(result, 'p50Ms'),
    of(result, 'p99Ms'),
    Math.round(of(result, 'peakMiB')),
  ]),
  [
    'SQLite, no server',
    Math.round(sqlite.perSecond),
    (of(ours, 'perSecond') / sqlite.perSecond).toFixed(2),
    Math.round(sqlite.perSecond),
    '',
    '',
    '',
  ],
])}

The mirror unpacked holds the documents as well, and has ${(imported.unpackedBytes / MB).toFixed(0)} MB; the database of SQLite, with the records alone, ${(sqlite.bytes / MB).toFixed(0)} MB.
`
}
