import { createHash } from 'node:crypto'
import { statfs } from 'node:fs/promises'
import { join } from 'node:path'

import type { ExportManifest, PublicKey } from '@stella/contracts'
import { CommandFailure } from '@stella/core'
import { buildSearch, readSoundExport, scanExport } from '@stella/native'

import { type Generation, readActive, SEARCH_FILE } from './generation.ts'
import { Generations } from './generations.ts'
import { importKind } from './import-kinds.ts'
import { withImportLock } from './import-lock.ts'
import { mergedMirror } from './merged-mirror.ts'
import { hasReceipt, writeReceipt } from './receipt.ts'
import { generationOf, requireWanted, type Wishes } from './require-wanted.ts'
import { type Source, unpackVerified } from './unpack-verified.ts'

/** Room that is left on the disk besides what is unpacked, in bytes. */
const SPARE_BYTES = 64 * 1024 * 1024
/** Digits of the content root in the name of a generation. */
const NAME_DIGITS = 16
/** End of the name of a generation that replaces a damaged one of the same content. */
const AGAIN = '-again'
/** What applying deltas writes before it is unpacked, in times of the mirror: its files in a row, and the bundle. */
const MERGED_COPIES = 2

/** Bundles to import, and what is allowed that is refused otherwise. */
export interface ImportRequest extends Wishes {
  readonly root: string
  /** A mirror or a database, or deltas for the mirror that serves, the oldest first; or a mirror and deltas for it. */
  readonly bundles: readonly [string, ...string[]]
  readonly keys: readonly PublicKey[]
}

/** What was imported. */
export interface Imported {
  readonly manifest: ExportManifest
  /** False where it was what serves already. */
  readonly isNew: boolean
  readonly receipt: string | null
}

/**
 * Verifies bundles, applies deltas, unpacks what they make, makes it what serves, and writes a receipt. Until the very end the one before serves.
 * @throws CommandFailure `integrity` for a bundle that is not sound, out of order, older, expired or of something else · `usage` · `failed` for a
 *   disk without room
 */
export async function importBundles(request: ImportRequest, signal: AbortSignal): Promise<Imported> {
  const { root, bundles, keys } = request
  const [path, ...others] = bundles
  const sound = await readSoundExport(path, keys, signal)
  const { content } = sound.manifest
  const deltas = content.delta ? bundles : others
  const kind = deltas.length > 0 ? 'mirror' : importKind(sound.manifest)
  if (kind === null) throw notImported(path)

  const generations = new Generations(kind === 'mirror' ? root : join(root, kind))
  return withImportLock(root, async () => {
    await generations.prepare()
    // Where it is damaged, what is imported replaces it as if there were none.
    const before = await readActive(generations).catch(() => null)
    return generations.beside('generation', async (scratch) => {
      const to = { request, generations, before, kind, scratch }
      if (!isFilled(deltas)) return place(to, { path, sound }, signal)
      const base = content.delta ? servingBase(path, generations, before) : { path, manifest: sound.manifest }
      await requireRoom(generations.root, (MERGED_COPIES + 1) * bytesOf(base.manifest))
      return generations.beside('work', async (work) => {
        const merged = await mergedMirror({ base, deltas, keys }, { work, generation: scratch }, signal)
        return place(to, { path: merged, sound: await readSoundExport(merged, keys, signal) }, signal)
      })
    })
  })
}

function isFilled<T>(list: readonly T[]): list is readonly [T, ...T[]] {
  return list.length > 0
}

type Active = Pick<Generation, 'name' | 'folder' | 'manifest'>

/** Where something is put. */
interface Place {
  readonly request: ImportRequest
  readonly generations: Generations
  readonly before: Active | null
  readonly kind: ReturnType<typeof importKind> & string
  /** Becomes the folder of the generation. */
  readonly scratch: string
}

async function place(
  { request, generations, before, kind, scratch }: Place,
  source: Source,
  signal: AbortSignal,
): Promise<Imported> {
  const { manifest, keyId, published } = source.sound
  const { content } = manifest
  const isServed = before?.manifest.content.content_root === content.content_root
  const receiptOf = (replaces: string | null) =>
    writeReceipt(request.root, {
      schema_version: '1',
      kind,
      imported_at: request.now.toISOString(),
      generation: generationOf(content),
      ledger: content.mirror?.ledger ?? null,
      ledger_revision: content.ledger_revision,
      content_root: content.content_root,
      state_root: content.mirror?.state_root ?? null,
      manifest_sha256: createHash('sha256')
        .update(published.manifestBytes ?? '')
        .digest('hex'),
      signed_by: keyId,
      replaces,
    })
  if (isServed && (await isWhole(generations.bundleIn(before.folder), source, signal))) {
    // An import that was stopped after it had made this what serves left none.
    const isTold = await hasReceipt(request.root, kind, content.content_root)
    return { manifest, isNew: false, receipt: isTold ? null : await receiptOf(null) }
  }
  requireWanted(request, source.path, manifest, before?.manifest ?? null)
  await requireRoom(generations.root, bytesOf(manifest))
  await unpackVerified(source, { out: generations.bundleIn(scratch) }, signal)
  if (kind === 'mirror') await buildSearch(generations.bundleIn(scratch), join(scratch, SEARCH_FILE), signal)
  const digits = content.content_root.slice('sha256:'.length, 'sha256:'.length + NAME_DIGITS)
  const name = `${String(generationOf(content)).padStart(12, '0')}-${digits}`
  // What serves and is damaged is replaced by a generation of another name.
  await generations.activate(scratch, name === (await generations.active()) ? `${name}${AGAIN}` : name)
  return { manifest, isNew: true, receipt: await receiptOf(before?.name ?? null) }
}

/** Whether what was unpacked before still lies there as the bundle has it. */
async function isWhole(folder: string, { sound }: Source, signal: AbortSignal): Promise<boolean> {
  const { members } = await scanExport(folder, signal)
  const there = new Map(members.map(({ path, sha256 }) => [path, sha256]))
  return sound.published.members.every(({ path, sha256 }) => there.get(path) === sha256)
}

/** The mirror that serves, for deltas to be applied to. */
function servingBase(delta: string, generations: Generations, before: Active | null) {
  if (before) return { path: generations.bundleIn(before.folder), manifest: before.manifest }
  const advice = 'import the mirror that it is for first'
  throw new CommandFailure('integrity', `${delta} was not imported: it is a delta, and no mirror serves`, advice)
}

function bytesOf({ content }: ExportManifest): number {
  return content.files.reduce((sum, { size }) => sum + size, 0)
}

async function requireRoom(root: string, bytes: number): Promise<void> {
  const needed = bytes + SPARE_BYTES
  const { bavail, bsize } = await statfs(root)
  const free = bavail * bsize
  if (free >= needed) return
  const message = `there is no room for the mirror: it needs ${needed} bytes in ${root}, and ${free} are free`
  throw new CommandFailure('failed', message, 'free some space, or use another folder by --root')
}

function notImported(bundle: string): CommandFailure {
  const message = `${bundle} was not imported: it is neither a mirror nor a registry's database`
  const advice =
    'export a mirror by a profile mirror:full, or a database for Trivy by one that says trivy: { oci: true }'
  return new CommandFailure('usage', message, advice)
}
