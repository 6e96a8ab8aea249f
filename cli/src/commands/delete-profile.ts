import type { Command } from 'commander'

import { createApiClient } from '../api-client.ts'
import { print } from '../output.ts'
import type { Shell } from '../shell.ts'

/** `stella export profiles delete` */
export function deleteProfileCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('delete')
    .description('delete a profile; its runs stay')
    .argument('<id>', 'as `profiles list` shows it')
  command.action(async (id: string) => {
    const api = createApiClient(shell.settings, shell.signal)
    const opened = await api.openProfile(id)
    await api.deleteProfile(opened)
    const { revision } = opened.profile
    print(shell, command, {
      json: opened.profile,
      lines: [`profile ${id} was deleted; its last revision was ${revision}`],
    })
  })
}
