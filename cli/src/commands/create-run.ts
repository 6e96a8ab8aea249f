import type { Command } from 'commander'

import { createApiClient } from '../api-client.ts'
import { downloadRun } from '../download-run.ts'
import { withFilterOptions } from '../filter-options.ts'
import { print } from '../output.ts'
import { requireOutputPath } from '../output-file.ts'
import { pinOfferedKeys } from '../pinned-keys.ts'
import { type FilterOptions, requestedRun } from '../run-filters.ts'
import { runLines } from '../run-lines.ts'
import type { Shell } from '../shell.ts'
import { succeeded, waitForRun } from '../wait-for-run.ts'

interface Options extends FilterOptions {
  readonly profile: string
  readonly base?: string
  readonly wait?: true
  readonly download?: string | true
  readonly force?: true
}

/** `stella export run create` */
export function createRunCommand(parent: Command, shell: Shell): void {
  const command = withFilterOptions(
    parent
      .command('create')
      .description('create a run; options replace the filters of its profile, one by one')
      .requiredOption('--profile <id>', 'profile to export after'),
  )
    .option('--base <run-id>', 'of a delta: the run of the mirror that it is for, or of the delta before it')
    .option('--wait', 'wait until the run has ended')
    .option(
      '--download [file]',
      'wait, then download the bundle to a file or into a folder (default: <run-id>.tar.zst)',
    )
    .option('--force', 'replace the file that is there')
  command.action(async (options: Options) => {
    const { base } = options
    const wanted = {
      ...requestedRun(options.profile, options),
      ...(base === undefined ? {} : { base_export_id: base }),
    }
    const force = options.force ?? false
    if (typeof options.download === 'string') await requireOutputPath(options.download, { force })
    const api = createApiClient(shell.settings, shell.signal)
    const created = await api.createRun(wanted)
    if (!options.wait && options.download === undefined) {
      print(shell, command, { json: created, lines: runLines(created) })
      return
    }
    const run = await waitForRun(api, shell, created)
    const path = options.download === true ? `${run.id}.tar.zst` : options.download
    let written: string[] = []
    if (run.state === 'succeeded' && path !== undefined) {
      written = [`written to  ${(await downloadRun(api, shell, { run, path, force })).path}`]
      await pinOfferedKeys(api, shell)
    }
    print(shell, command, { json: run, lines: [...runLines(run), ...written] })
    succeeded(run)
  })
}
