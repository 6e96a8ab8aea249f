import type { Command } from 'commander'

import { createApiClient } from '../api-client.ts'
import { byteSize } from '../byte-size.ts'
import { downloadBundle } from '../download-bundle.ts'
import { print } from '../output.ts'
import { pinOfferedKeys } from '../pinned-keys.ts'
import type { Shell } from '../shell.ts'

/** `stella export run download` */
export function downloadRunCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('download')
    .description('download the bundle of a run; goes on where an earlier attempt stopped')
    .argument('<run-id>')
    .option('--out <file>', 'where to write it (default: <run-id>.tar.zst)')
  command.action(async (id: string, { out }: { out?: string }) => {
    const api = createApiClient(shell.settings, shell.signal)
    const run = await api.getRun(id)
    const file = out ?? `${id}.tar.zst`
    const bundle = await downloadBundle(api, shell, { run, file })
    await pinOfferedKeys(api, shell)
    print(shell, command, {
      json: { run_id: id, path: file, size: bundle.size, sha256: bundle.sha256 },
      lines: [`${file}  ${byteSize(bundle.size)}  sha256:${bundle.sha256}`],
    })
  })
}
