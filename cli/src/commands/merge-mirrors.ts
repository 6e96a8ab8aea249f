import type { Command } from 'commander'

import { print } from '../output.ts'
import { requireNewFile } from '../output-file.ts'
import { collect } from '../run-filters.ts'
import type { Shell } from '../shell.ts'
import { trustedKeys } from './verify.ts'

interface Options {
  readonly out: string
  readonly key?: string[]
  readonly force?: true
}

/** `stella mirror apply` and `stella mirror squash`: they need no server. */
export function mergeMirrorsCommands(parent: Command, shell: Shell): void {
  const apply = withOptions(
    parent
      .command('apply')
      .description('apply deltas to a mirror, in their order: makes the mirror that a run would write; needs no server')
      .argument('<base>', 'a .tar.zst of a profile mirror:full, one that deltas were applied to, or its folder')
      .argument('<delta...>', 'deltas, the oldest first'),
  )
  apply.action((base: string, deltas: string[], options: Options) => merge(shell, apply, { base, deltas }, options))
  const squash = withOptions(
    parent
      .command('squash')
      .description('join deltas that follow each other into one; needs no server')
      .argument('<delta...>', 'deltas, the oldest first'),
  )
  squash.action((deltas: string[], options: Options) => merge(shell, squash, { base: null, deltas }, options))
}

function withOptions(command: Command): Command {
  return command
    .requiredOption('--out <file>', 'the .tar.zst to write')
    .option('--key <pem>', 'trust this public key instead of the pinned ones; may be repeated', collect)
    .option('--force', 'replace the file that is there')
}

async function merge(
  shell: Shell,
  command: Command,
  { base, deltas }: { readonly base: string | null; readonly deltas: readonly string[] },
  { out, key, force }: Options,
): Promise<void> {
  await requireNewFile(out, { force: force ?? false })
  const keys = await trustedKeys(shell, base ?? deltas[0] ?? out, key)
  const { mergeExports } = await import('@stella/native')
  const { content } = (await mergeExports({ base, deltas, out, keys }, shell.signal)).manifest
  print(shell, command, {
    json: {
      file: out,
      ledger_revision: content.ledger_revision,
      ledger_time: content.ledger_time,
      content_root: content.content_root,
      state_root: content.mirror?.state_root,
      counts: content.counts,
    },
    lines: [
      `written to    ${out}`,
      `evidence      revision ${content.ledger_revision} of the ledger, ${content.ledger_time}`,
      `content root  ${content.content_root}`,
    ],
  })
}
