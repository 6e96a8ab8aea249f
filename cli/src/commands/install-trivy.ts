import { resolve } from 'node:path'
import { trivyDatabaseOf } from '@stella/contracts'
import { CommandFailure } from '@stella/core'
import type { Command } from 'commander'

import { print } from '../output.ts'
import { collect } from '../run-filters.ts'
import type { Shell } from '../shell.ts'
import { trustedKeys } from './verify.ts'

interface Options {
  readonly cacheDir?: string
  readonly key?: string[]
}

/** `stella trivy install`: needs no server. */
export function installTrivyCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('install')
    .description('verify an export, and put its database where Trivy looks for it; needs no server')
    .argument('<bundle>', 'a .tar.zst of a profile of kind trivy, or the folder that it was unpacked into')
    .option('--cache-dir <folder>', 'as of trivy, instead of its own in the home directory')
    .option('--key <pem>', 'trust this public key instead of the pinned ones; may be repeated', collect)
  command.action(async (path: string, { cacheDir, key }: Options) => {
    const keys = await trustedKeys(shell, path, key)
    const { readSoundExport } = await import('@stella/native')
    const { content } = (await readSoundExport(path, keys, shell.signal)).manifest
    const database = trivyDatabaseOf(content.profile)
    const bundle = content.files.find((file) => file.path === database?.path)
    if (!database || !bundle) throw noDatabase(path)
    const { installDatabase } = await import('../trivy-database.ts')
    const cache = cacheDir === undefined ? shell.settings.trivyCacheDir : resolve(cacheDir)
    const installed = await installDatabase(
      { path, database, sha256: bundle.sha256, cache, now: new Date() },
      shell.signal,
    )
    const { ledger_time, ledger_revision } = content
    print(shell, command, {
      json: { ...installed, ledger_revision, ledger_time },
      lines: [
        `database   ${installed.database}`,
        `evidence   revision ${ledger_revision} of the ledger, ${ledger_time}`,
        `new until  ${installed.next_update}`,
      ],
    })
  })
}

function noDatabase(path: string): CommandFailure {
  const advice = 'export one by a profile of kind trivy'
  return new CommandFailure('usage', `${path} cannot be installed: it holds no Trivy database`, advice)
}
