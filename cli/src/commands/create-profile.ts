import type { Command } from 'commander'

import { createApiClient } from '../api-client.ts'
import { print } from '../output.ts'
import { readProfileFile } from '../profile-file.ts'
import { profileLines } from '../profile-lines.ts'
import type { Shell } from '../shell.ts'

/** `stella export profiles create` */
export function createProfileCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('create')
    .description('create a profile')
    .requiredOption('--file <file>', 'YAML or JSON: name, kind, variant, config')
  command.action(async ({ file }: { file: string }) => {
    const wanted = await readProfileFile(file)
    const profile = await createApiClient(shell.settings, shell.signal).createProfile(wanted)
    print(shell, command, { json: profile, lines: profileLines(profile) })
  })
}
