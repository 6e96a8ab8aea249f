import { type Command, Option } from 'commander'

import { createApiClient } from '../api-client.ts'
import { print } from '../output.ts'
import { runLines } from '../run-lines.ts'
import type { Shell } from '../shell.ts'

interface Options {
  readonly manifest?: true
  readonly provenance?: true
}

/** `stella export run get`: the run, or one of its sealed documents byte for byte. */
export function getRunCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('get')
    .description('show a run, or print one of its documents as it was sealed')
    .argument('<run-id>')
    .addOption(new Option('--manifest', 'print export.json').conflicts('provenance'))
    .option('--provenance', 'print provenance.json')
  command.action(async (id: string, { manifest, provenance }: Options) => {
    const api = createApiClient(shell.settings, shell.signal)
    if (manifest || provenance) {
      shell.stdout.write(await api.runDocument(id, manifest ? 'manifest' : 'provenance'))
      return
    }
    const run = await api.getRun(id)
    print(shell, command, { json: run, lines: runLines(run) })
  })
}
