import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { ExportManifest, PublicKey } from '@stella/contracts'
import { mergeExports, readSoundExport } from '@stella/native'

import { CHANGELOG_FILE, encodeSince, SINCE_FILE } from './changelog.ts'
import { unpackVerified } from './unpack-verified.ts'

/** A mirror, and the deltas to apply to it, the oldest first. */
export interface MirrorAndDeltas {
  readonly base: { readonly path: string; readonly manifest: ExportManifest }
  readonly deltas: readonly [string, ...string[]]
  readonly keys: readonly PublicKey[]
}

/**
 * Applies deltas to a mirror: a bundle in the work folder, and in the folder of the generation what they say that has changed, and since when.
 * Several deltas are joined first, so that there is one changelog.
 * @returns path of the bundle
 * @throws what `mergeExports` throws
 */
export async function mergedMirror(
  { base, deltas, keys }: MirrorAndDeltas,
  { work, generation }: { readonly work: string; readonly generation: string },
  signal: AbortSignal,
): Promise<string> {
  const [first, ...others] = deltas
  const joined = join(work, 'delta')
  if (others.length > 0) await mergeExports({ base: null, deltas, out: joined, keys }, signal)
  const delta = others.length > 0 ? joined : first
  const merged = join(work, 'mirror')
  await mergeExports({ base: base.path, deltas: [delta], out: merged, keys }, signal)

  const changes = { path: delta, sound: await readSoundExport(delta, keys, signal) }
  await unpackVerified(changes, { out: generation, only: [CHANGELOG_FILE] }, signal)
  await writeFile(join(generation, SINCE_FILE), encodeSince(base.manifest), { flush: true })
  return merged
}
