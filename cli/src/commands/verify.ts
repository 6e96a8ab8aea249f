import type { PublicKey } from '@stella/contracts'
import { CommandFailure, unsoundExport, verifyExport, verifyIndex } from '@stella/core'
import type { Command } from 'commander'

import { readKeyFile } from '../key-file.ts'
import { print } from '../output.ts'
import { readPinnedKeys } from '../pinned-keys.ts'
import { collect } from '../run-filters.ts'
import type { Shell } from '../shell.ts'
import { indexVerdictAnswer, verdictAnswer } from '../verdict.ts'

interface Options {
  readonly key?: string[]
  readonly manifest?: string
  readonly sig?: string
}

/** `stella export verify`: needs no server. */
export function verifyCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('verify')
    .description('check the signature, every file, the counts and the provenance of an export; needs no server')
    .argument(
      '<bundle>',
      'a .tar.zst, or the folder that it was unpacked into; of an export in parts, their folder or its index.json',
    )
    .option('--key <pem>', 'trust this public key instead of the pinned ones; may be repeated', collect)
    .option('--manifest <file>', 'an export.json: the one inside must be the same')
    .option('--sig <file>', 'an export.sig: the one inside must be the same')
  command.action(async (path: string, { key, manifest, sig }: Options) => {
    const keys = await trustedKeys(shell, path, key)

    // The native module is loaded by the commands that need it, so that the others start at once.
    const { folderOfParts, readPublishedIndex, requireNoIndex } = await import('@stella/native')
    const folder = await folderOfParts(path)
    if (folder !== null) {
      if (manifest !== undefined || sig !== undefined) throw noBeside(path)
      const verdict = verifyIndex(await readPublishedIndex(folder, keys, shell.signal))
      print(shell, command, indexVerdictAnswer(path, verdict))
      if (!verdict.ok) throw unsoundExport(path, verdict.faults)
      return
    }
    const { readPublishedExport } = await import('../published-export.ts')
    const place = { path, ...(manifest === undefined ? {} : { manifest }), ...(sig === undefined ? {} : { sig }) }
    const published = await readPublishedExport(place, shell.signal)
    requireNoIndex(path, published)
    const verdict = verifyExport({ ...published, keys })
    print(shell, command, verdictAnswer(path, verdict))
    if (!verdict.ok) throw unsoundExport(path, verdict.faults)
  })
}

/** The keys that are given, else the pinned ones. @throws CommandFailure `usage` where there is none */
export async function trustedKeys(
  shell: Shell,
  path: string,
  given: readonly string[] | undefined,
): Promise<PublicKey[]> {
  const keys = given ? await Promise.all(given.map(readKeyFile)) : await readPinnedKeys(shell.settings)
  if (keys.length === 0) throw noKey(path)
  return keys
}

function noBeside(path: string): CommandFailure {
  const advice = 'leave out --manifest and --sig, or verify one of its parts'
  return new CommandFailure('usage', `${path} cannot be verified so: it is an export in parts, with an index`, advice)
}

function noKey(path: string): CommandFailure {
  const advice =
    'give a public key that you trust: --key key.pem; `stella export run download` pins those of its server, ' +
    'and GET /export/keys shows them'
  return new CommandFailure('usage', `${path} cannot be verified: no key is given and none is pinned`, advice)
}
