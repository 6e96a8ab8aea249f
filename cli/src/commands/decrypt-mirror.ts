import { CommandFailure } from '@stella/core'
import type { Command } from 'commander'

import type { KeyToDecrypt } from '../decrypt-bundle.ts'
import { print } from '../output.ts'
import { requireNewFile } from '../output-file.ts'
import { collect } from '../run-filters.ts'
import type { Shell } from '../shell.ts'
import { trustedKeys } from './verify.ts'

interface Options {
  readonly identity?: string
  readonly dataKey?: string
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
    .option('--identity <file>', 'an age identity file: lines AGE-SECRET-KEY-1…')
    .option('--data-key <file>', 'the 32 bytes of the data key, as the KMS has unwrapped it')
    .requiredOption('--out <file>', 'the .tar.zst to write')
    .option('--key <pem>', 'trust this public key instead of the pinned ones; may be repeated', collect)
    .option('--force', 'replace the file that is there')
  command.action(async (bundle: string, { identity, dataKey, out, key, force }: Options) => {
    const opener = keyToDecrypt(identity, dataKey)
    await requireNewFile(out, { force: force ?? false })
    const keys = await trustedKeys(shell, bundle, key)
    const { decryptBundle } = await import('../decrypt-bundle.ts')
    const { content } = await decryptBundle({ bundle, key: opener, out, keys }, shell.signal)
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

/** @throws CommandFailure `usage` unless one key is given */
function keyToDecrypt(identity: string | undefined, dataKey: string | undefined): KeyToDecrypt {
  if (identity !== undefined && dataKey === undefined) return { kind: 'identity', file: identity }
  if (dataKey !== undefined && identity === undefined) return { kind: 'data key', file: dataKey }
  const advice = 'give --identity for a mirror that is encrypted to age recipients, else --data-key'
  throw new CommandFailure('usage', 'one key is needed to decrypt a mirror', advice)
}
