import { type Ingest, type IngestFormat, type IngestSummary, ingestFormats, mediaTypes } from '@stella/contracts'
import { CommandFailure } from '@stella/core'
import { type Command, Option } from 'commander'

import { type ApiClient, createApiClient, type Query } from '../api-client.ts'
import { byteSize } from '../byte-size.ts'
import { type EvidenceFile, type FoundEvidence, findEvidence } from '../evidence-files.ts'
import { evidenceTar } from '../evidence-tar.ts'
import { filledStream } from '../filled-stream.ts'
import { print } from '../output.ts'
import { pollUntil } from '../poll-until.ts'
import { startProgress } from '../progress.ts'
import type { Shell } from '../shell.ts'

interface Options {
  readonly format: IngestFormat
  readonly sourceUri?: string
  readonly strict?: true
}

const MAX_REFUSED_SHOWN = 20
const MAX_NOT_HELD_SHOWN = 10
const STDIN = '-'
/** The summary where nothing was there to send: no revision is known, and none was made. */
const NOTHING_READ: IngestSummary = {
  revision: 0,
  read: 0,
  new: 0,
  changed: 0,
  unchanged: 0,
  refused: [],
  not_held: [],
  not_held_more: false,
}

/** `stella ingest` */
export function ingestCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('ingest')
    .description('add documents (OSV, CSAF, OpenVEX, CycloneDX, SPDX, Maven indexes) to the ledger, as one revision')
    .argument('<path...>', 'files, folders, or - for standard input')
    .addOption(
      new Option(
        '--format <format>',
        'how to read them: auto looks at their content; maven-index takes rows of coordinates and SHA-1 for the Java DB',
      )
        .choices(ingestFormats)
        .default('auto'),
    )
    .option('--source-uri <uri>', 'where they came from')
    .option('--strict', 'take nothing where one of them is refused')
  command.action(async (paths: string[], options: Options) => {
    const api = createApiClient(shell.settings, shell.signal)
    const sent = await send(api, shell, paths, options)
    if (sent.batch === null) {
      print(shell, command, { json: NOTHING_READ, lines: [] })
      requireAllRead(sent.unreadable)
      throw nothingToRead(paths)
    }
    const { id } = sent.batch
    const batch = await pollUntil({
      what: `ingest ${id}`,
      read: () => api.getIngest(id),
      isDone: ({ state }) => state === 'completed' || state === 'failed',
      signal: shell.signal,
    })
    if (batch.summary) print(shell, command, { json: batch.summary, lines: summaryLines(batch.summary, sent.files) })
    checkOutcome(batch)
    requireAllRead(sent.unreadable)
  })
}

/** A batch on its way, null where there was nothing to send, the files in it, and why others could not be read. */
interface Sent extends FoundEvidence {
  readonly batch: Ingest | null
}

async function send(api: ApiClient, shell: Shell, paths: readonly string[], options: Options): Promise<Sent> {
  const query: Query = {
    source_uri: options.sourceUri,
    format: options.format === 'auto' ? undefined : options.format,
    strict: options.strict ? 'true' : undefined,
  }
  if (paths.includes(STDIN)) {
    if (paths.length > 1)
      throw new CommandFailure('usage', '- cannot be mixed with paths: standard input is sent as it is')
    const input = await filledStream(shell.stdin)
    const stdin = { ...query, source_name: 'stdin' }
    const batch = input && (await api.ingest(input, stdin, 'application/octet-stream'))
    return { batch, files: [], unreadable: [] }
  }

  const found = await findEvidence(paths)
  const { files, unreadable } = found
  if (options.strict) requireAllRead(unreadable)
  if (files.length === 0) return { batch: null, ...found }
  const totalBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const progress = startProgress(shell, `send ${files.length} ${files.length === 1 ? 'file' : 'files'}`, byteSize)
  try {
    const body = () => evidenceTar(files, (sentBytes) => progress.update(sentBytes, totalBytes))
    return { batch: await api.ingest(body, query, mediaTypes.tar), ...found }
  } finally {
    progress.end()
  }
}

/** @throws CommandFailure that names what could not be read; what could is in the ledger by then */
function requireAllRead(unreadable: readonly CommandFailure[]): void {
  const [first, ...others] = unreadable
  if (!first) return
  const shown = others.slice(0, MAX_REFUSED_SHOWN - 1).map(({ message }) => `; ${message}`)
  const rest = others.length - shown.length
  const more = rest > 0 ? `; and ${rest} more` : ''
  throw new CommandFailure(
    'failed',
    `${first.message}${shown.join('')}${more}`,
    'ingest them again once they can be read',
  )
}

function nothingToRead(paths: readonly string[]): CommandFailure {
  const isStdin = paths.includes(STDIN)
  const reason = isStdin ? 'standard input is empty' : `there is no file in ${paths.join(' ')}`
  const advice = isStdin
    ? 'pipe a document, JSON lines or an archive into it'
    : 'name a file, or a folder that holds some'
  return new CommandFailure('failed', `nothing to read: ${reason}`, advice)
}

function summaryLines(summary: IngestSummary, files: readonly EvidenceFile[]): string[] {
  const { revision, refused, ...counts } = summary
  const shown = refused
    .slice(0, MAX_REFUSED_SHOWN)
    .map(({ source, position, reason }) => `  ${placeOf(pathOf(source, files), position)}: ${reason}`)
  const rest = refused.length - shown.length
  return [
    `revision ${revision}: ${counts.read} read, ${counts.new} new, ${counts.changed} changed, ` +
      `${counts.unchanged} unchanged, ${refused.length} refused`,
    ...shown,
    ...(rest > 0 ? [`  … and ${rest} more, see --json`] : []),
    ...failingLines(summary),
    ...notHeldLines(summary),
  ]
}

/** What records carry and no export takes. */
function failingLines({ not_held }: IngestSummary): string[] {
  const failing = not_held.filter(({ record }) => record !== undefined)
  if (failing.length === 0) return []
  const rest = failing.length - MAX_NOT_HELD_SHOWN
  return [
    'every run that takes these fails: ingest corrected documents with a later time of modification, or leave them out by filters:',
    ...failing
      .slice(0, MAX_NOT_HELD_SHOWN)
      .map(
        ({ format, path, documents, record, reason }) =>
          `  ${format} ${path} (${documents}, first in ${record}): ${reason}`,
      ),
    ...(rest > 0 ? [`  … and ${rest} more, see --json`] : []),
  ]
}

/** What records do not carry, by how many documents say it; what fewer say is left to `--json`. */
function notHeldLines({ not_held, not_held_more }: IngestSummary): string[] {
  const leftOut = not_held.filter(({ record }) => record === undefined)
  if (leftOut.length === 0) return []
  const most = leftOut.toSorted((a, b) => b.documents - a.documents).slice(0, MAX_NOT_HELD_SHOWN)
  const rest = leftOut.length - most.length
  return [
    'in the documents as received, but in no record:',
    ...most.map(({ format, path, documents }) => `  ${format} ${path} (${documents})`),
    ...(rest > 0 || not_held_more ? [`  … and ${not_held_more ? 'over ' : ''}${rest} more, see --json`] : []),
  ]
}

/** @throws CommandFailure `failed` where the batch failed, or where nothing could be read */
function checkOutcome({ state, summary, error_class, error_message }: Ingest): void {
  if (state === 'failed') {
    throw new CommandFailure('failed', `nothing was ingested: ${error_class}: ${error_message}`)
  }
  if (summary && summary.new + summary.changed + summary.unchanged === 0) {
    const refused = summary.refused.length > 0
    const reason = refused ? 'every document was refused' : 'there was no document'
    const advice =
      'OSV, CSAF, OpenVEX, CycloneDX and SPDX are read, and with --format maven-index rows of a Maven index'
    throw new CommandFailure(
      'failed',
      `nothing was ingested: ${reason}`,
      refused ? `${advice}, see the reasons` : advice,
    )
  }
}

/** Where a source lies on this machine: its name in what was sent may lack the beginning of its path. */
function pathOf(source: string, files: readonly EvidenceFile[]): string {
  const file = files.find(
    ({ name }) => source === name || (source.startsWith(name) && /^[:/]/.test(source.slice(name.length))),
  )
  return file ? `${file.path}${source.slice(file.name.length)}` : source
}

/** A line of JSON lines names its line in both parts: it is told once. */
function placeOf(source: string, position: string): string {
  const line = position.split(':')[0] ?? ''
  return source.endsWith(`:${line}`) ? `${source}${position.slice(line.length)}` : `${source}:${position}`
}
