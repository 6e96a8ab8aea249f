import type { NewProfile, Profile } from '@stella/contracts'
import { CommandFailure } from '@stella/core'
import type { Command } from 'commander'

import { createApiClient } from '../api-client.ts'
import { configPatch } from '../config-patch.ts'
import { print } from '../output.ts'
import { readProfileFile } from '../profile-file.ts'
import { profileLines } from '../profile-lines.ts'
import type { Shell } from '../shell.ts'

/** `stella export profiles update`: the profile becomes what the file says, where nobody changed it in between. */
export function updateProfileCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('update')
    .description('make the config of a profile what a file says; what the file leaves out takes its default')
    .argument('<id>', 'as `profiles list` shows it')
    .requiredOption('--file <file>', 'YAML or JSON, as for create: name, kind, variant, config')
  command.action(async (id: string, { file }: { file: string }) => {
    const wanted = await readProfileFile(file)
    const api = createApiClient(shell.settings, shell.signal)
    const opened = await api.openProfile(id)
    requireSame(file, opened.profile, wanted)
    const patch = { config: configPatch(opened.profile.config, wanted.config) }
    const profile = await api.changeProfile(opened, patch)
    print(shell, command, { json: profile, lines: profileLines(profile) })
  })
}

/** @throws CommandFailure `usage` where the file is one of another profile */
function requireSame(file: string, current: Profile, wanted: NewProfile): void {
  for (const name of ['name', 'kind', 'variant'] as const) {
    if (current[name] === wanted[name]) continue
    const message = `profile ${current.id} cannot be updated: its ${name} is ${current[name]}, in ${file} it is ${wanted[name]}`
    throw new CommandFailure('usage', message, 'only config can be changed; create another profile for the rest')
  }
}
