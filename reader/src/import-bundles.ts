import { CommandFailure } from '@stella/core'
import { folderOfParts, readMirrorParts, readSoundExport } from '@stella/native'
import { assembledAlready, assembledMirror, isAssembled } from './assembled-mirror.ts'
import type { Generations } from './generations.ts'
import { importKind } from './import-kinds.ts'
import { mergedMirror } from './merged-mirror.ts'
import {
  type Active,
  bytesOf,
  type Imported,
  type ImportRequest,
  type Place,
  place,
  requireRoom,
  servesAlready,
  withPlace,
} from './place-generation.ts'
import { requireWanted } from './require-wanted.ts'
import type { Source } from './unpack-verified.ts'

/** What applying deltas or assembling parts writes before it is unpacked, in times of the mirror: its files in a row, and the bundle. */
const MERGED_COPIES = 2

/**
 * Verifies bundles, applies deltas, unpacks what they make, makes it what serves, and writes a receipt. Until the very end the one before serves.
 * @throws CommandFailure `integrity` for a bundle that is not sound, out of order, older, expired or of something else · `usage` · `failed` for a
 *   disk without room
 */
export async function importBundles(request: ImportRequest, signal: AbortSignal): Promise<Imported> {
  const { bundles, keys } = request
  const [path, ...others] = bundles
  const folder = await folderOfParts(path)
  if (folder !== null) return importParts(request, folder, signal)
  const sound = await readSoundExport(path, keys, signal)
  const { content } = sound.manifest
  const deltas = content.delta ? bundles : others
  const kind = deltas.length > 0 ? 'mirror' : importKind(sound.manifest)
  if (kind === null) throw notImported(path)

  return withPlace(request, kind, async (to) => {
    const { generations, before, scratch } = to
    if (!isFilled(deltas)) return placeUnlessServed(to, { path, sound }, signal)
    const base = content.delta ? await servingBase(path, generations, before) : { path, manifest: sound.manifest }
    await requireRoom(generations.root, (MERGED_COPIES + 1) * bytesOf(base.manifest))
    return generations.beside('work', async (work) => {
      const merged = await mergedMirror({ base, deltas, keys }, { work, generation: scratch }, signal)
      return placeUnlessServed(to, { path: merged, sound: await readSoundExport(merged, keys, signal) }, signal)
    })
  })
}

/** Imports a mirror in parts, assembled into one. */
async function importParts(request: ImportRequest, folder: string, signal: AbortSignal): Promise<Imported> {
  const { bundles, keys } = request
  if (bundles.length > 1) throw notAlone(folder)
  const mirror = await readMirrorParts(folder, keys, signal)
  return withPlace(request, 'mirror', async (to) => {
    const { generations, before, scratch } = to
    const already = before && (await assembledAlready(before, mirror))
    const told = already && (await servesAlready(to, already, signal))
    if (told) return told
    requireWanted(request, folder, mirror.manifest, before?.manifest ?? null)
    const bytes = mirror.index.content.parts.reduce((sum, { size }) => sum + size, 0)
    await requireRoom(generations.root, (MERGED_COPIES + 1) * bytes)
    return generations.beside('work', async (work) => {
      return place(to, await assembledMirror(mirror, { work, generation: scratch }, signal), signal)
    })
  })
}

async function placeUnlessServed(to: Place, source: Source, signal: AbortSignal): Promise<Imported> {
  return (await servesAlready(to, source, signal)) ?? place(to, source, signal)
}

function isFilled<T>(list: readonly T[]): list is readonly [T, ...T[]] {
  return list.length > 0
}

/** The mirror that serves, for deltas to be applied to. */
async function servingBase(delta: string, generations: Generations, before: Active | null) {
  if (!before) {
    const advice = 'import the mirror that it is for first'
    throw new CommandFailure('integrity', `${delta} was not imported: it is a delta, and no mirror serves`, advice)
  }
  if (!(await isAssembled(before.folder)))
    return { path: generations.bundleIn(before.folder), manifest: before.manifest }
  const message = `${delta} was not imported: it is a delta, and the mirror that serves came in parts`
  throw new CommandFailure('integrity', message, 'import the next mirror, all its parts, or one of one bundle')
}

function notAlone(folder: string): CommandFailure {
  const message = `${folder} was not imported: it is a mirror in parts, and no other bundle goes with it`
  return new CommandFailure('usage', message, 'give its folder alone, which holds its index and its parts')
}

function notImported(bundle: string): CommandFailure {
  const message = `${bundle} was not imported: it is neither a mirror nor a registry's database`
  const advice =
    'export a mirror by a profile mirror:full, or a database for Trivy by one that says trivy: { oci: true }'
  return new CommandFailure('usage', message, advice)
}
