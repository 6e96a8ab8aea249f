import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Problem, type Run } from '@stella/contracts'
import type { Command } from 'commander'

import { type ApiClient, createApiClient } from '../api-client.ts'
import { CommandFailure } from '../command-failure.ts'
import { compareBundles, type FileComparison } from '../compare-bundles.ts'
import { downloadBundle } from '../download-bundle.ts'
import { print, say } from '../output.ts'
import type { Shell } from '../shell.ts'
import { succeeded, waitForRun } from '../wait-for-run.ts'

/** `stella export reproduce`: writes an export again from its plan, and compares the two. */
export function reproduceCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('reproduce')
    .description('write the export of a run again, and compare every file but the signatures')
    .argument('<run-id>')
    .option('--out <file>', 'keep the bundle that was written again')
  command.action(async (id: string, { out }: { out?: string }) => {
    const api = createApiClient(shell.settings, shell.signal)
    const original = await api.getRun(id)
    if (!original.bundle)
      throw new Problem('run/not-finished', `run ${id} cannot be reproduced: it is ${original.state}`)

    const again = succeeded(await waitForRun(api, shell, await api.reproduceRun(id)))
    const files = await compareRuns(api, shell, { original, again, out })
    const differing = files.filter(({ equal }) => !equal)
    print(shell, command, {
      json: { ok: differing.length === 0, run_id: id, reproduction_id: again.id, files },
      lines: files.map(({ path, equal }) => `${equal ? 'equal    ' : 'DIFFERENT'}  ${path}`),
    })
    if (differing.length > 0) {
      const names = differing.map(({ path }) => path).join(', ')
      throw new CommandFailure(
        'integrity',
        `run ${id} was not reproduced: ${names} differ`,
        'compare the two bundles: `run download`',
      )
    }
    say(shell, `run ${id} was reproduced by run ${again.id}`)
  })
}

interface RunPair {
  readonly original: Run
  readonly again: Run
  readonly out: string | undefined
}

async function compareRuns(api: ApiClient, shell: Shell, { original, again, out }: RunPair): Promise<FileComparison[]> {
  const folder = await mkdtemp(join(tmpdir(), 'stella-reproduce-'))
  try {
    const files = { original: join(folder, 'original.tar.zst'), again: out ?? join(folder, 'again.tar.zst') }
    await downloadBundle(api, shell, { run: original, file: files.original })
    await downloadBundle(api, shell, { run: again, file: files.again })
    return await compareBundles(files.original, files.again, shell.signal)
  } finally {
    await rm(folder, { recursive: true })
  }
}
