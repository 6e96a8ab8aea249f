import { profileKinds } from '@stella/contracts'
import { type Command, Option } from 'commander'

import { createApiClient } from '../api-client.ts'
import { print, table } from '../output.ts'
import { moreLines, type PageOptions, withPageOptions } from '../page-options.ts'
import type { Shell } from '../shell.ts'

interface Options extends PageOptions {
  readonly kind?: string
  readonly variant?: string
}

/** `stella export profiles list` */
export function listProfilesCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('list')
    .description('list profiles')
    .addOption(new Option('--kind <kind>', 'of this kind').choices([...profileKinds]))
    .option('--variant <variant>', 'of this variant')
  withPageOptions(command).action(async ({ kind, variant, limit, cursor }: Options) => {
    const api = createApiClient(shell.settings, shell.signal)
    const page = await api.listProfiles({ kind, variant, limit, cursor })
    const rows = page.items.map((item) => [item.id, item.kind, item.variant, item.name, item.created_at])
    const lines = [...table(['ID', 'KIND', 'VARIANT', 'NAME', 'CREATED'], rows), ...moreLines(page.next_cursor)]
    print(shell, command, { json: page, lines })
  })
}
