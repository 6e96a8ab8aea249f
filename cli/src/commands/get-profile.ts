import type { Command } from 'commander'

import { createApiClient } from '../api-client.ts'
import { print } from '../output.ts'
import { profileLines } from '../profile-lines.ts'
import type { Shell } from '../shell.ts'

/** `stella export profiles get` */
export function getProfileCommand(parent: Command, shell: Shell): void {
  const command = parent.command('get').description('show a profile').argument('<id>', 'as `profiles list` shows it')
  command.action(async (id: string) => {
    const profile = await createApiClient(shell.settings, shell.signal).getProfile(id)
    print(shell, command, { json: profile, lines: profileLines(profile) })
  })
}
