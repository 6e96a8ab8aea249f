import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { bundlePaths, type ExportManifest } from '@stella/contracts'
import {
  type AssembledOf,
  assembledManifest,
  assembledReadme,
  CommandFailure,
  encodeManifest,
  withheldItems,
} from '@stella/core'
import { besideOf } from './beside-of.ts'
import { mergedFiles } from './merged-files.ts'
import type { MirrorParts } from './mirror-parts.ts'
import type { BundleMember } from './pack-bundle.ts'
import { packExport } from './pack-export.ts'

/** A mirror that parts were assembled into. Nobody has signed its manifest: the signed ones of the parts say what it must come to. */
export interface AssembledParts {
  readonly manifest: ExportManifest
  readonly manifestBytes: Uint8Array
  /** All that the bundle holds. */
  readonly members: readonly Pick<BundleMember, 'path' | 'sizeBytes' | 'sha256'>[]
}

/**
 * Assembles a mirror in parts that was verified into one bundle, which is put in place whole: its files as a run writes them that is not cut, and `export.json`.
 * @throws CommandFailure `integrity` where the records do not come to the state that the parts state together · what `mergeMirrors` throws
 */
export function assembleParts(
  { index, parts, manifest: said }: MirrorParts,
  out: string,
  signal: AbortSignal,
): Promise<AssembledParts> {
  const of: AssembledOf = { index, parts: parts.map(({ manifest }) => manifest) }
  const { withheld, compression, mirror } = said.content
  return besideOf(out, async (scratch) => {
    const merged = await mergedFiles(
      {
        places: parts.map(({ path }) => path),
        making: 'mirror',
        items: withheldItems(withheld),
        readme: assembledReadme(of),
        level: compression.level,
        scratch,
      },
      signal,
    )
    // A record that two parts hold is in the sum of their states twice, and in the mirror once.
    if (merged.stateRoot !== mirror?.state_root) throw otherState(index.run.id)
    const manifest = assembledManifest(of, compression.library, merged.files)
    const manifestBytes = encodeManifest(manifest)
    const members = [...merged.members, await manifestMember(manifestBytes, scratch)]
    await packExport(manifest, { members, scratch, out }, signal)
    return { manifest, manifestBytes, members }
  })
}

function otherState(run: string): CommandFailure {
  const message = `the parts of run ${run} were not assembled: their records do not come to the state that they state together`
  return new CommandFailure('integrity', message, 'get them again; tell whoever made them if it stays so')
}

async function manifestMember(bytes: Buffer, scratch: string): Promise<BundleMember> {
  const file = join(scratch, bundlePaths.manifest)
  await writeFile(file, bytes)
  const [sizeBytes, sha256] = [bytes.length, createHash('sha256').update(bytes).digest('hex')]
  return { path: bundlePaths.manifest, sizeBytes, sha256, parts: [{ file, offset: 0, sizeBytes }] }
}
