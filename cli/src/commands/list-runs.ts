import { runStates } from '@stella/contracts'
import { type Command, Option } from 'commander'

import { createApiClient } from '../api-client.ts'
import { byteSize } from '../byte-size.ts'
import { print, table } from '../output.ts'
import { moreLines, type PageOptions, withPageOptions } from '../page-options.ts'
import { DAY_MS, dayBound } from '../run-filters.ts'
import type { Shell } from '../shell.ts'

interface Options extends PageOptions {
  readonly state?: string
  readonly profile?: string
  readonly partOf?: string
  readonly from?: string
  readonly to?: string
}

/** `stella export run list` */
export function listRunsCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('list')
    .description('list runs, the newest first')
    .addOption(new Option('--state <state>', 'in this state').choices([...runStates]))
    .option('--profile <id>', 'of this profile')
    .option('--part-of <id>', 'parts of this run; without it, runs that are no parts')
    .option('--from <time>', 'created at or after; a date alone is the start of its day, UTC')
    .option('--to <time>', 'created before; a date alone is the end of its day, UTC')
  withPageOptions(command).action(async ({ state, profile, partOf, from, to, limit, cursor }: Options) => {
    const page = await createApiClient(shell.settings, shell.signal).listRuns({
      state,
      profile_id: profile,
      part_of: partOf,
      from: from && dayBound(from, 0),
      to: to && dayBound(to, DAY_MS),
      limit,
      cursor,
    })
    const rows = page.items.map((run) => [
      run.id,
      run.state,
      run.profile_id,
      run.created_at,
      run.bundle ? byteSize(run.bundle.size) : '',
    ])
    const lines = [...table(['ID', 'STATE', 'PROFILE', 'CREATED', 'BUNDLE'], rows), ...moreLines(page.next_cursor)]
    print(shell, command, { json: page, lines })
  })
}
