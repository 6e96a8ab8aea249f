import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

import { indexPaths, MAX_MANIFEST_BYTES, MAX_SIGNATURE_BYTES, type PublicKey } from '@stella/contracts'
import {
  byteOrder,
  type PublishedIndex,
  type PublishedPart,
  readExportIndex,
  verifyExport,
  verifyIndexSignature,
} from '@stella/core'

import { readMember } from './read-member.ts'
import { readPublishedExport } from './read-published-export.ts'

const SUFFIX = '.tar.zst'

/** A part that was found: where it lies, and the signature over its manifest. */
export interface ReadPart extends PublishedPart {
  readonly path: string
  readonly signatureBytes: Uint8Array | null
}

/** All of an export in parts. */
export interface ReadIndex extends PublishedIndex {
  readonly parts: ReadonlyMap<string, ReadPart>
}

/** The folder of an export in parts: `path` itself where it holds an index, or the folder of the index that it is; null for any other path. */
export async function folderOfParts(path: string): Promise<string | null> {
  const isFile = (file: string) =>
    stat(file).then(
      (found) => found.isFile(),
      () => false,
    )
  if (basename(path) === indexPaths.index && (await isFile(path))) return dirname(path)
  return (await isFile(join(path, indexPaths.index))) ? path : null
}

/**
 * Reads all of an export in parts, and verifies each part alone: a bundle, or the folder that it was unpacked into, which has its name
 * without `.tar.zst`. Nothing that it holds is trusted; of an index that no trusted key signed no part is read.
 * @throws `blob/absent` for a link · `blob/long` · what `readPublishedExport` throws
 */
export async function readPublishedIndex(
  folder: string,
  keys: readonly PublicKey[],
  signal: AbortSignal,
): Promise<ReadIndex> {
  const there = new Set(await filesOf(folder))
  const read = (path: string, maxBytes: number) =>
    there.has(path) ? readMember(resolve(folder), path, maxBytes, signal) : Promise.resolve(null)
  const indexBytes = await read(indexPaths.index, MAX_MANIFEST_BYTES)
  const signatureBytes = await read(indexPaths.signature, MAX_SIGNATURE_BYTES)

  const { index } = readExportIndex(indexBytes)
  // Until somebody is known to have signed the index, nothing that it names is read.
  const isSigned = verifyIndexSignature({ indexBytes, signatureBytes, keys }).keyId !== null
  const parts = new Map<string, ReadPart>()
  const known = new Set<string>(Object.values(indexPaths))
  for (const { file } of isSigned ? (index?.content.parts ?? []) : []) {
    const name = [file, file.slice(0, -SUFFIX.length)].find((candidate) => there.has(candidate))
    // What is named twice is read once.
    if (name === undefined || parts.has(file)) continue
    known.add(name)
    const path = join(folder, name)
    // A link to nothing is no part.
    if (!(await isThere(path))) continue
    const published = await readPublishedExport({ path, name: path }, signal)
    const { manifestBytes, signatureBytes } = published
    parts.set(file, { path, manifestBytes, signatureBytes, verdict: verifyExport({ ...published, keys }) })
  }
  const others = [...there].filter((path) => !known.has(path)).sort(byteOrder)
  return { indexBytes, signatureBytes, parts, others, keys }
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )
}

/** What lies in the folder; of `signatures/`, its files. */
async function filesOf(folder: string): Promise<string[]> {
  const names = await readdir(folder)
  const signatures = dirname(indexPaths.signature)
  if (!names.includes(signatures)) return names
  const signed = await readdir(join(folder, signatures))
  return [...names.filter((name) => name !== signatures), ...signed.map((name) => `${signatures}/${name}`)]
}
