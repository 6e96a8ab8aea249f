import type { Command } from 'commander'

import { createApiClient } from '../api-client.ts'
import { downloadedLines, downloadRun } from '../download-run.ts'
import { print } from '../output.ts'
import { pinOfferedKeys } from '../pinned-keys.ts'
import type { Shell } from '../shell.ts'

/** `stella export run download` */
export function downloadRunCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('download')
    .description('download the bundle of a run; goes on where an earlier attempt stopped')
    .argument('<run-id>')
    .option('--out <file>', 'where to write it (default: <run-id>.tar.zst); a run in parts becomes a folder')
    .option('--force', 'replace another file that is there')
  command.action(async (id: string, { out, force = false }: { out?: string; force?: boolean }) => {
    const api = createApiClient(shell.settings, shell.signal)
    const run = await api.getRun(id)
    const written = await downloadRun(api, shell, { run, path: out ?? `${id}.tar.zst`, force })
    await pinOfferedKeys(api, shell)
    const { path, size, sha256, parts } = written
    print(shell, command, {
      json: { run_id: id, path, size, sha256, ...(parts === null ? {} : { parts }) },
      lines: downloadedLines(written),
    })
  })
}
