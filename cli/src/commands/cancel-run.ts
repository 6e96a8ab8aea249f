import type { Command } from 'commander'

import { createApiClient } from '../api-client.ts'
import { print } from '../output.ts'
import { runLines } from '../run-lines.ts'
import type { Shell } from '../shell.ts'

/** `stella export run cancel` */
export function cancelRunCommand(parent: Command, shell: Shell): void {
  const command = parent.command('cancel').description('stop a run; it leaves nothing behind').argument('<run-id>')
  command.action(async (id: string) => {
    const run = await createApiClient(shell.settings, shell.signal).cancelRun(id)
    print(shell, command, { json: run, lines: runLines(run) })
  })
}
