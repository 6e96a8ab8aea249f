import { statfs } from 'node:fs/promises'
import { join } from 'node:path'

import type { ExportManifest, PublicKey } from '@stella/contracts'
import { CommandFailure } from '@stella/core'
import { buildSearch, scanExport } from '@stella/native'

import { type Generation, readActive, SEARCH_FILE } from './generation.ts'
import { Generations } from './generations.ts'
import type { importKind } from './import-kinds.ts'
import { withImportLock } from './import-lock.ts'
import { hasReceipt, sha256Of, writeReceipt } from './receipt.ts'
import { generationOf, requireWanted, type Wishes } from './require-wanted.ts'
import { type Source, unpackVerified } from './unpack-verified.ts'

/** Room that is left on the disk besides what is unpacked, in bytes. */
const SPARE_BYTES = 64 * 1024 * 1024
/** Digits of the content root in the name of a generation. */
const NAME_DIGITS = 16
/** End of the name of a generation that replaces a damaged one of the same content. */
const AGAIN = '-again'

/** Bundles to import, and what is allowed that is refused otherwise. */
export interface ImportRequest extends Wishes {
  readonly root: string
  /** A mirror or a database, or deltas for the mirror that serves, the oldest first; or a mirror and deltas for it; or the folder of a mirror in parts. */
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

/** The generation that serves. */
export type Active = Pick<Generation, 'name' | 'folder' | 'manifest'>

/** Where something is put. */
export interface Place {
  readonly request: ImportRequest
  readonly generations: Generations
  readonly before: Active | null
  readonly kind: ReturnType<typeof importKind> & string
  /** Becomes the folder of the generation. */
  readonly scratch: string
}

/** Does work with the folder of a new generation while no other import runs. */
export function withPlace(
  request: ImportRequest,
  kind: Place['kind'],
  work: (to: Place) => Promise<Imported>,
): Promise<Imported> {
  const { root } = request
  const generations = new Generations(kind === 'mirror' ? root : join(root, kind))
  return withImportLock(root, async () => {
    await generations.prepare()
    // Where it is damaged, what is imported replaces it as if there were none.
    const before = await readActive(generations).catch(() => null)
    return generations.beside('generation', (scratch) => work({ request, generations, before, kind, scratch }))
  })
}

/**
 * Makes a sound export what serves, and leaves a receipt. Until the very end the one before serves.
 * @throws what `requireWanted`, `requireRoom` and `unpackVerified` throw
 */
export async function place(to: Place, source: Source, signal: AbortSignal): Promise<Imported> {
  const { request, generations, before, kind, scratch } = to
  const { manifest } = source.sound
  requireWanted(request, source.path, manifest, before?.manifest ?? null)
  await requireRoom(generations.root, bytesOf(manifest))
  await unpackVerified(source, { out: generations.bundleIn(scratch) }, signal)
  if (kind === 'mirror') await buildSearch(generations.bundleIn(scratch), join(scratch, SEARCH_FILE), signal)
  const { content } = manifest
  const digits = content.content_root.slice('sha256:'.length, 'sha256:'.length + NAME_DIGITS)
  const name = `${String(generationOf(content)).padStart(12, '0')}-${digits}`
  // What serves and is damaged is replaced by a generation of another name.
  await generations.activate(scratch, name === generations.active() ? `${name}${AGAIN}` : name)
  return { manifest, isNew: true, receipt: await leaveReceipt(to, source, before?.name ?? null) }
}

/** What is told of an import of what serves already, whole, with a receipt where it left none; else null. */
export async function servesAlready(to: Place, source: Source, signal: AbortSignal): Promise<Imported | null> {
  const { request, generations, before, kind } = to
  const { manifest } = source.sound
  const { content_root } = manifest.content
  if (before?.manifest.content.content_root !== content_root) return null
  if (!(await isWhole(generations.bundleIn(before.folder), source, signal))) return null
  // An import that was stopped after it had made this what serves left none.
  const isTold = await hasReceipt(request.root, kind, manifestDigest(source))
  return { manifest, isNew: false, receipt: isTold ? null : await leaveReceipt(to, source, null) }
}

function leaveReceipt({ request, kind }: Place, source: Source, replaces: string | null): Promise<string> {
  const { sound, index = null } = source
  const { content } = sound.manifest
  return writeReceipt(request.root, {
    schema_version: '1',
    kind,
    imported_at: request.now.toISOString(),
    generation: generationOf(content),
    ledger: content.mirror?.ledger ?? null,
    ledger_revision: content.ledger_revision,
    content_root: content.content_root,
    state_root: content.mirror?.state_root ?? null,
    manifest_sha256: manifestDigest(source),
    index,
    signed_by: sound.keyId,
    replaces,
  })
}

function manifestDigest({ sound: { published } }: Source): string {
  return sha256Of(published.manifestBytes ?? Buffer.alloc(0))
}

/** Whether what was unpacked before still lies there as the bundle has it. */
async function isWhole(folder: string, { sound }: Source, signal: AbortSignal): Promise<boolean> {
  const { members } = await scanExport(folder, signal)
  const there = new Map(members.map(({ path, sha256 }) => [path, sha256]))
  return sound.published.members.every(({ path, sha256 }) => there.get(path) === sha256)
}

/** Bytes of the files of an export. */
export function bytesOf({ content }: ExportManifest): number {
  return content.files.reduce((sum, { size }) => sum + size, 0)
}

/** @throws CommandFailure `failed` for a disk without so much room */
export async function requireRoom(root: string, bytes: number): Promise<void> {
  const needed = bytes + SPARE_BYTES
  const { bavail, bsize } = await statfs(root)
  const free = bavail * bsize
  if (free >= needed) return
  const message = `there is no room for the mirror: it needs ${needed} bytes in ${root}, and ${free} are free`
  throw new CommandFailure('failed', message, 'free some space, or use another folder by --root')
}
