import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

import {
  bundlePaths,
  type ExportFile,
  type ExportManifest,
  exportManifest,
  MAX_BUNDLE_MEMBERS,
  MAX_MANIFEST_BYTES,
  type PublicKey,
} from '@stella/contracts'
import { ociBlobPath, ociLayout, readOciIndex, readOciManifest, verifyExport } from '@stella/core'
import { packBundle, unpackBundle } from '@stella/native'

import { CommandFailure } from './command-failure.ts'
import { unsound } from './commands/verify.ts'
import { readPublishedExport } from './published-export.ts'

/** How many files and bytes a layout or a bundle has of a mirror. */
export interface Moved {
  readonly files: number
  readonly bytes: number
  readonly manifest: ExportManifest
}

/**
 * Writes a mirror as an OCI image layout into a folder, which is put in place whole. Files that are equal are one blob.
 * @throws CommandFailure `integrity` for a bundle that is not sound · `usage` where it is no mirror
 */
export async function writeLayout(
  { bundle, out, keys }: { readonly bundle: string; readonly out: string; readonly keys: readonly PublicKey[] },
  signal: AbortSignal,
): Promise<Moved> {
  const published = await readPublishedExport({ path: bundle }, signal)
  const verdict = verifyExport({ ...published, keys })
  if (!verdict.ok) throw unsound(bundle, verdict)
  const manifest = exportManifest.parse(JSON.parse(Buffer.from(published.manifestBytes ?? []).toString()))
  if (!manifest.content.mirror) {
    throw new CommandFailure(
      'usage',
      `${bundle} cannot be written so: it is no mirror`,
      'give one of a profile mirror:full',
    )
  }
  const files = published.members.map(({ path, sizeBytes: size, sha256 }) => ({ path, size, sha256 }))
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  const scratch = await mkdtemp(join(dirname(resolve(out)), '.stella-'))
  try {
    const [tree, layout] = [join(scratch, 'tree'), join(scratch, 'layout')]
    await mkdir(tree)
    await mkdir(join(layout, 'blobs/sha256'), { recursive: true })
    const members = files.map(({ path }) => path)
    const unpacked = await unpackBundle({ path: resolve(bundle), members, out: tree, maxBytes: bytes }, signal)
    for (const { path, sha256 } of unpacked) await rename(join(tree, path), join(layout, ociBlobPath(sha256)))
    for (const file of ociLayout(manifest, files)) await writeFile(join(layout, file.path), file.bytes, { flush: true })
    await rename(layout, out)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
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
  const bytes = await small(layout, described)
  const manifest = exportManifest.safeParse(JSON.parse(bytes.toString())).data
  if (!manifest) throw noMirror(layout, `${bundlePaths.manifest} is no manifest of version 1`)
  const scratch = await mkdtemp(join(dirname(resolve(out)), '.stella-'))
  try {
    const members = files.map(({ path, size, sha256 }) => {
      const parts = [{ file: resolve(layout, ociBlobPath(sha256)), offset: 0, sizeBytes: size }]
      return { path, sizeBytes: size, sha256, parts }
    })
    const { level, frame_bytes: frameBytes } = manifest.content.compression
    const bundle = join(scratch, 'bundle')
    const mtime = Date.parse(manifest.content.ledger_time) / 1000
    await packBundle({ out: bundle, members, mtime, level, frameBytes }, signal)
    await rename(bundle, out)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  return { files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0), manifest }
}

async function filesOf(layout: string): Promise<ExportFile[]> {
  const path = join(layout, 'index.json')
  const { size } = await stat(path).catch((cause: unknown) => {
    throw new CommandFailure('notFound', `${layout} cannot be read: it is no OCI layout`, 'name its folder', { cause })
  })
  if (size > MAX_MANIFEST_BYTES) throw noMirror(layout, 'its index is too large')
  const files: ExportFile[] = []
  for (const tagged of readOciIndex(await readFile(path), 'index', path)) {
    for (const blob of readOciIndex(await small(layout, tagged), 'manifest', tagged.sha256)) {
      files.push(...readOciManifest(await small(layout, blob), blob.sha256))
      if (files.length > MAX_BUNDLE_MEMBERS) throw noMirror(layout, `it names more than ${MAX_BUNDLE_MEMBERS} files`)
    }
  }
  return files
}

/** A blob that describes others; what it holds is looked at by whoever parses it, and its digest when it is packed. */
async function small(
  layout: string,
  { sha256, size }: { readonly sha256: string; readonly size: number },
): Promise<Buffer> {
  if (size > MAX_MANIFEST_BYTES) throw noMirror(layout, `${sha256} is too large for what it is`)
  return readFile(join(layout, ociBlobPath(sha256))).catch((cause: unknown) => {
    throw noMirror(layout, `the blob ${sha256} is missing`, cause)
  })
}

function noMirror(layout: string, why: string, cause?: unknown): CommandFailure {
  const advice = 'copy the layout again, with all that its index names: oras cp --recursive'
  return new CommandFailure('integrity', `${layout} holds no whole mirror: ${why}`, advice, { cause })
}
