import { CommandFailure } from '@stella/core'
import type { Command } from 'commander'

import { print } from '../output.ts'
import { requireNewFile } from '../output-file.ts'
import { collect } from '../run-filters.ts'
import type { Shell } from '../shell.ts'
import { trustedKeys } from './verify.ts'

/** `stella mirror to-oci` and `stella mirror from-oci`: they need no server. */
export function ociLayoutCommands(parent: Command, shell: Shell): void {
  const to = parent
    .command('to-oci')
    .description('write a mirror as an OCI image layout, which oras and crane move; needs no server')
    .argument('<bundle>', 'a .tar.zst, or the folder that it was unpacked into')
    .requiredOption('--out <folder>', 'the folder to write, which must not be there')
    .option('--key <pem>', 'trust this public key instead of the pinned ones; may be repeated', collect)
  to.action(async (bundle: string, { out, key }: { out: string; key?: string[] }) => {
    await requireNewFile(out, { force: false })
    const keys = await trustedKeys(shell, bundle, key)
    const { writeLayout } = await import('../oci-layouts.ts')
    const { files, bytes } = await writeLayout({ bundle, out, keys }, shell.signal)
    print(shell, to, { json: { layout: out, files, bytes }, lines: [`written to  ${out}`, `files       ${files}`] })
  })
  const from = parent
    .command('from-oci')
    .description('pack the mirror of an OCI image layout as a bundle; needs no server')
    .argument('<layout>', 'the folder of the layout')
    .requiredOption('--out <file>', 'the .tar.zst to write')
    .option('--force', 'replace the file that is there')
  from.action(async (layout: string, { out, force }: { out: string; force?: true }) => {
    if (layout === out) throw new CommandFailure('usage', `${out} is the layout itself`, 'name another file')
    await requireNewFile(out, { force: force ?? false })
    const { packLayout } = await import('../oci-layouts.ts')
    const { files, bytes } = await packLayout({ layout, out }, shell.signal)
    const lines = [`written to  ${out}`, `files       ${files}`, `next        stella export verify ${out}`]
    print(shell, from, { json: { file: out, files, bytes }, lines })
  })
}
