import type { Command } from 'commander'

import { print } from '../output.ts'
import { requireNewFile } from '../output-file.ts'
import { collect } from '../run-filters.ts'
import type { Shell } from '../shell.ts'
import { trustedKeys } from './verify.ts'

interface Options {
  readonly identity: string
  readonly out: string
  readonly key?: string[]
  readonly force?: true
}

/** `stella mirror decrypt`: needs no server. */
export function decryptMirrorCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('decrypt')
    .description('decrypt a mirror or a delta: makes the bundle that it was before it was encrypted; needs no server')
    .argument('<bundle>', 'a .tar.zst of a profile that encrypts, or the folder that it was unpacked into')
    .requiredOption('--identity <file>', 'an age identity file: lines AGE-SECRET-KEY-1…')
    .requiredOption('--out <file>', 'the .tar.zst to write')
    .option('--key <pem>', 'trust this public key instead of the pinned ones; may be repeated', collect)
    .option('--force', 'replace the file that is there')
  command.action(async (bundle: string, { identity, out, key, force }: Options) => {
    await requireNewFile(out, { force: force ?? false })
    const keys = await trustedKeys(shell, bundle, key)
    const { decryptBundle } = await import('../decrypt-bundle.ts')
    const { content } = await decryptBundle({ bundle, identity, out, keys }, shell.signal)
    print(shell, command, {
      json: { file: out, ledger_revision: content.ledger_revision, content_root: content.content_root },
      lines: [
        `written to    ${out}`,
        `evidence      revision ${content.ledger_revision} of the ledger, ${content.ledger_time}`,
        `content root  ${content.content_root}`,
      ],
    })
  })
}
