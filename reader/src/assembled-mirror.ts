import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { bundlePaths, indexPaths } from '@stella/contracts'
import { assembledManifest, encodeManifest, isSameJson } from '@stella/core'
import { assembleParts, type MirrorParts } from '@stella/native'

import type { Generation } from './generation.ts'
import { isThere } from './generations.ts'
import { type ReceiptIndex, sha256Of } from './receipt.ts'
import type { Source } from './unpack-verified.ts'

/** What a mirror was assembled of, in the folder of its generation: the signed index and the signed manifests of the parts, as they lie in the export. */
const PARTS_FOLDER = 'parts'

/**
 * Assembles a mirror in parts that was verified: a bundle in the work folder, and in the folder of the generation the signed documents that it stands on.
 * @throws what `assembleParts` throws
 */
export async function assembledMirror(
  mirror: MirrorParts,
  { work, generation }: { readonly work: string; readonly generation: string },
  signal: AbortSignal,
): Promise<Source> {
  const path = join(work, 'mirror')
  const { manifest, manifestBytes, members } = await assembleParts(mirror, path, signal)
  for (const [file, bytes] of evidenceOf(mirror)) {
    const out = join(generation, PARTS_FOLDER, file)
    await mkdir(dirname(out), { recursive: true })
    await writeFile(out, bytes, { flush: true })
  }
  const { keyId } = mirror
  return { path, sound: { manifest, keyId, published: { members, manifestBytes } }, index: receiptIndex(mirror) }
}

/** Whether a generation was assembled of parts. */
export function isAssembled(generation: string): Promise<boolean> {
  return isThere(join(generation, PARTS_FOLDER))
}

/**
 * What a generation was assembled of, where that are these very parts, and its manifest is the one that they make; else null. Its files are not looked at.
 */
export async function assembledAlready(
  { folder, manifest }: Pick<Generation, 'folder' | 'manifest'>,
  mirror: MirrorParts,
): Promise<Source | null> {
  const served = await readFile(join(folder, PARTS_FOLDER, indexPaths.index)).catch(() => null)
  if (!served?.equals(mirror.indexBytes)) return null
  const { files, compression } = manifest.content
  const of = { index: mirror.index, parts: mirror.parts.map((part) => part.manifest) }
  if (!isSameJson(assembledManifest(of, compression.library, files), manifest)) return null
  const { keyId } = mirror
  const manifestBytes = encodeManifest(manifest)
  const members = [
    { path: bundlePaths.manifest, sizeBytes: manifestBytes.length, sha256: sha256Of(manifestBytes) },
    ...files.map(({ path, size, sha256 }) => ({ path, sizeBytes: size, sha256 })),
  ]
  return {
    path: folder,
    sound: { manifest, keyId, published: { members, manifestBytes } },
    index: receiptIndex(mirror),
  }
}

/** What the receipt says of the index of a mirror in parts. */
function receiptIndex({ index, indexBytes, parts }: MirrorParts): ReceiptIndex {
  return {
    content_root: index.content.content_root,
    sha256: sha256Of(indexBytes),
    parts: parts.map(({ file, manifest, manifestBytes }) => {
      return { file, content_root: manifest.content.content_root, manifest_sha256: sha256Of(manifestBytes) }
    }),
  }
}

function evidenceOf({ indexBytes, signatureBytes, parts }: MirrorParts): [string, Uint8Array][] {
  const ofParts = parts.flatMap(({ file, manifestBytes, signatureBytes }): [string, Uint8Array][] => {
    const folder = file.replace(/\.tar\.zst$/, '')
    return [
      [join(folder, bundlePaths.manifest), manifestBytes],
      [join(folder, bundlePaths.signature), signatureBytes],
    ]
  })
  return [[indexPaths.index, indexBytes], [indexPaths.signature, signatureBytes], ...ofParts]
}
