import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { ExportManifest, PublicKey } from '@stella/contracts'
import { mergeExports, type SoundExport } from '@stella/native'

import { CHANGELOG_FILE, changesFolder, encodeSince, SINCE_FILE } from './changelog.ts'
import { unpackVerified } from './unpack-verified.ts'

/** A mirror, and the deltas to apply to it, the oldest first. */
export interface MirrorAndDeltas {
  readonly base: { readonly path: string; readonly manifest: ExportManifest }
  readonly deltas: readonly [string, ...string[]]
  readonly keys: readonly PublicKey[]
}

/**
 * Applies deltas to a mirror: a bundle in the work folder, and in the folder of the generation what each says that has changed, and since when. A delta
 * that several were joined into says nothing, since nobody has signed that.
 * @returns path of the bundle
 * @throws what `mergeExports` throws
 */
export async function mergedMirror(
  { base, deltas, keys }: MirrorAndDeltas,
  { work, generation }: { readonly work: string; readonly generation: string },
  signal: AbortSignal,
): Promise<string> {
  const merged = join(work, 'mirror')
  const { deltas: verified } = await mergeExports({ base: base.path, deltas, out: merged, keys }, signal)

  // Where one delta tells nothing, nobody knows all that has changed.
  const tells = ({ published }: SoundExport) => published.members.some(({ path }) => path === CHANGELOG_FILE)
  if (!verified.every(tells)) return merged
  for (const [place, sound] of verified.entries()) {
    const out = changesFolder(generation, place)
    await unpackVerified({ path: deltas[place] ?? '', sound }, { out, only: [CHANGELOG_FILE] }, signal)
  }
  await writeFile(join(generation, SINCE_FILE), encodeSince(base.manifest, deltas.length), { flush: true })
  return merged
}
