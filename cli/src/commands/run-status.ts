import type { Command } from 'commander'

import { createApiClient } from '../api-client.ts'
import { print } from '../output.ts'
import { runLines } from '../run-lines.ts'
import type { Shell } from '../shell.ts'

/** `stella export run status` */
export function runStatusCommand(parent: Command, shell: Shell): void {
  const command = parent.command('status').description('show how far a run is').argument('<run-id>')
  command.action(async (id: string) => {
    const run = await createApiClient(shell.settings, shell.signal).getRun(id)
    print(shell, command, { json: run, lines: runLines(run) })
  })
}
