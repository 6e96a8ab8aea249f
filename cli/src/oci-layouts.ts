import { lstat, mkdir, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import {
  bundlePaths,
  type ExportFile,
  type ExportManifest,
  MAX_BUNDLE_MEMBERS,
  MAX_LAYERS,
  MAX_MANIFEST_BYTES,
  type PublicKey,
} from '@stella/contracts'
import {
  CommandFailure,
  decodeManifest,
  MAX_OCI_BYTES,
  ociBlobPath,
  ociLayout,
  readOciIndex,
  readOciManifest,
} from '@stella/core'
import { besideOf, packExport, readVerifiedExport, unpackBundle } from '@stella/native'

import { readInputFile } from './input-file.ts'

/** Indexes of a layout, at most. */
const MAX_INDEXES = 16

/** How many files and bytes a layout or a bundle has of a mirror. */
export interface Moved {
  readonly files: number
  readonly bytes: number
  readonly manifest: ExportManifest
}

/**
 * Writes a mirror as an OCI image layout into a folder, which is put in place whole. Files that are equal are one blob.
 * @throws CommandFailure `integrity` for a bundle that is not sound · `usage` where it is no mirror, or tells nothing of itself
 */
export async function writeLayout(
  { bundle, out, keys }: { readonly bundle: string; readonly out: string; readonly keys: readonly PublicKey[] },
  signal: AbortSignal,
): Promise<Moved> {
  const { published, verdict } = await readVerifiedExport(bundle, keys, signal)
  const { manifest } = verdict
  if (!manifest) throw encryptedStrictly(bundle)
  if (!manifest.content.mirror) {
    throw new CommandFailure(
      'usage',
      `${bundle} cannot be written so: it is no mirror`,
      'give one of a profile mirror:full',
    )
  }
  const files = published.members.map(({ path, sizeBytes: size, sha256 }) => ({ path, size, sha256 }))
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  await besideOf(out, async (scratch) => {
    const [tree, layout] = [join(scratch, 'tree'), join(scratch, 'layout')]
    await mkdir(tree)
    await mkdir(join(layout, 'blobs/sha256'), { recursive: true })
    const members = files.map(({ path }) => path)
    const unpacked = await unpackBundle({ path: resolve(bundle), members, out: tree, maxBytes: bytes }, signal)
    for (const { path, sha256 } of unpacked) await rename(join(tree, path), join(layout, ociBlobPath(sha256)))
    for (const file of ociLayout(manifest, files)) await writeFile(join(layout, file.path), file.bytes, { flush: true })
    await rename(layout, out)
  })
  return { files: files.length, bytes, manifest }
}

/**
 * Packs the mirror of an OCI image layout as a bundle: the one that the layout was written of, byte for byte. Whether it is sound is for whoever
 * verifies the bundle.
 * @throws CommandFailure `integrity` for a layout that is no mirror's, or whose blobs are not what it names
 */
export async function packLayout(
  { layout, out }: { readonly layout: string; readonly out: string },
  signal: AbortSignal,
): Promise<Moved> {
  const files = await filesOf(layout)
  const described = files.find(({ path }) => path === bundlePaths.manifest)
  if (!described) throw noMirror(layout, `it holds no ${bundlePaths.manifest}`)
  const manifest = decodeManifest(await small(layout, described, MAX_MANIFEST_BYTES))
  if (!manifest) throw noMirror(layout, `${bundlePaths.manifest} is no manifest of version 1`)
  for (const { sha256 } of files) await requireBlob(layout, sha256)
  await besideOf(out, async (scratch) => {
    const members = files.map(({ path, size, sha256 }) => {
      const parts = [{ file: resolve(layout, ociBlobPath(sha256)), offset: 0, sizeBytes: size }]
      return { path, sizeBytes: size, sha256, parts }
    })
    await packExport(manifest, { members, scratch, out }, signal)
  })
  return { files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0), manifest }
}

async function filesOf(layout: string): Promise<ExportFile[]> {
  const path = join(layout, 'index.json')
  const index = await readInputFile(path, MAX_OCI_BYTES).catch((cause: CommandFailure) => {
    if (cause.kind === 'usage') throw noMirror(layout, cause.message, cause)
    if (cause.kind !== 'notFound') throw cause
    throw new CommandFailure('notFound', `${layout} cannot be read: it is no OCI layout`, 'name its folder', { cause })
  })
  const files: ExportFile[] = []
  let manifests = 0
  const indexes = readOciIndex(index, 'index', path)
  if (indexes.length > MAX_INDEXES) throw noMirror(layout, `it names more than ${MAX_INDEXES} indexes`)
  for (const tagged of indexes) {
    for (const blob of readOciIndex(await small(layout, tagged, MAX_OCI_BYTES), 'manifest', tagged.sha256)) {
      if (++manifests > MAX_LAYERS) throw noMirror(layout, `it names more than ${MAX_LAYERS} manifests`)
      files.push(...readOciManifest(await small(layout, blob, MAX_OCI_BYTES), blob.sha256))
      if (files.length > MAX_BUNDLE_MEMBERS) throw noMirror(layout, `it names more than ${MAX_BUNDLE_MEMBERS} files`)
    }
  }
  return files
}

/** A blob that describes others; what it holds is looked at by whoever parses it, and its digest when it is packed. */
async function small(layout: string, { sha256 }: { readonly sha256: string }, maxBytes: number): Promise<Buffer> {
  await requireBlob(layout, sha256)
  return readInputFile(join(layout, ociBlobPath(sha256)), maxBytes).catch((cause: CommandFailure) => {
    throw noMirror(layout, cause.kind === 'notFound' ? `the blob ${sha256} is missing` : cause.message, cause)
  })
}

/** A blob is a file of the layout: no link out of it, and no pipe that would be waited for. */
async function requireBlob(layout: string, sha256: string): Promise<void> {
  const found = await lstat(join(layout, ociBlobPath(sha256))).catch(() => null)
  if (!found?.isFile()) throw noMirror(layout, `the blob ${sha256} is missing`)
}

function noMirror(layout: string, why: string, cause?: unknown): CommandFailure {
  const advice = 'copy the layout again, with all that its index names: oras cp --recursive'
  return new CommandFailure('integrity', `${layout} holds no whole mirror: ${why}`, advice, { cause })
}

function encryptedStrictly(bundle: string): CommandFailure {
  const message = `${bundle} cannot be written so: it is encrypted strictly, and a layout tells what it is of`
  return new CommandFailure('usage', message, 'decrypt it first: stella mirror decrypt')
}
