import { type Ingest, type IngestSummary, mediaTypes } from '@stella/contracts'
import { type Command, Option } from 'commander'

import { type ApiClient, createApiClient, type Query } from '../api-client.ts'
import { byteSize } from '../byte-size.ts'
import { CommandFailure } from '../command-failure.ts'
import { findEvidence } from '../evidence-files.ts'
import { evidenceTar } from '../evidence-tar.ts'
import { print } from '../output.ts'
import { pollUntil } from '../poll-until.ts'
import { startProgress } from '../progress.ts'
import type { Shell } from '../shell.ts'

interface Options {
  readonly sourceUri?: string
  readonly strict?: true
}

const MAX_REFUSED_SHOWN = 20
const STDIN = '-'

/** `stella ingest` */
export function ingestCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('ingest')
    .description('add documents (OSV, OpenVEX, CycloneDX) to the ledger, as one revision')
    .argument('<path...>', 'files, folders, or - for standard input')
    .addOption(
      new Option('--format <format>', 'how to read them; auto looks at their content')
        .choices(['auto'])
        .default('auto'),
    )
    .option('--source-uri <uri>', 'where they came from')
    .option('--strict', 'take nothing where one of them is refused')
  command.action(async (paths: string[], options: Options) => {
    const api = createApiClient(shell.settings, shell.signal)
    const sent = await send(api, shell, paths, options)
    const batch = await pollUntil({
      what: `ingest ${sent.id}`,
      read: () => api.getIngest(sent.id),
      isDone: ({ state }) => state === 'completed' || state === 'failed',
      signal: shell.signal,
    })
    if (batch.summary) print(shell, command, { json: batch.summary, lines: summaryLines(batch.summary) })
    checkOutcome(batch)
  })
}

async function send(api: ApiClient, shell: Shell, paths: readonly string[], options: Options): Promise<Ingest> {
  const query: Query = { source_uri: options.sourceUri, strict: options.strict ? 'true' : undefined }
  if (paths.includes(STDIN)) {
    if (paths.length > 1)
      throw new CommandFailure('usage', '- cannot be mixed with paths: standard input is sent as it is')
    return api.ingest(shell.stdin, { ...query, source_name: 'stdin' }, 'application/octet-stream')
  }

  const files = await findEvidence(paths)
  const totalBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const progress = startProgress(shell, `send ${files.length} ${files.length === 1 ? 'file' : 'files'}`, byteSize)
  try {
    const body = evidenceTar(files, (sentBytes) => progress.update(sentBytes, totalBytes))
    return await api.ingest(body, query, mediaTypes.tar)
  } finally {
    progress.end()
  }
}

function summaryLines({ revision, refused, ...counts }: IngestSummary): string[] {
  const shown = refused
    .slice(0, MAX_REFUSED_SHOWN)
    .map(({ source, position, reason }) => `  ${source}:${position}: ${reason}`)
  const rest = refused.length - shown.length
  return [
    `revision ${revision}: ${counts.read} read, ${counts.new} new, ${counts.changed} changed, ` +
      `${counts.unchanged} unchanged, ${refused.length} refused`,
    ...shown,
    ...(rest > 0 ? [`  … and ${rest} more, see --json`] : []),
  ]
}

/** @throws CommandFailure `failed` where the batch failed, or where nothing could be read */
function checkOutcome({ state, summary, error_class, error_message }: Ingest): void {
  if (state === 'failed') {
    throw new CommandFailure('failed', `nothing was ingested: ${error_class}: ${error_message}`)
  }
  if (summary && summary.new + summary.changed + summary.unchanged === 0) {
    const reason = summary.refused.length > 0 ? 'every document was refused' : 'there was no document'
    throw new CommandFailure(
      'failed',
      `nothing was ingested: ${reason}`,
      'OSV, OpenVEX and CycloneDX are read, see the reasons',
    )
  }
}
