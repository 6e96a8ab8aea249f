import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

import { indexPaths, MAX_MANIFEST_BYTES, MAX_SIGNATURE_BYTES, type PublicKey } from '@stella/contracts'
import { byteOrder, type PublishedIndex, type PublishedPart, readExportIndex, verifyExport } from '@stella/core'

import { readInputFile } from './input-file.ts'
import { readPublishedExport } from './published-export.ts'

const SUFFIX = '.tar.zst'

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
 * without `.tar.zst`. Nothing that it holds is trusted.
 */
export async function readPublishedIndex(
  folder: string,
  keys: readonly PublicKey[],
  signal: AbortSignal,
): Promise<PublishedIndex> {
  const there = new Set(await filesOf(folder))
  const read = (path: string, maxBytes: number) =>
    there.has(path) ? readInputFile(join(folder, path), maxBytes) : Promise.resolve(null)
  const indexBytes = await read(indexPaths.index, MAX_MANIFEST_BYTES)
  const signatureBytes = await read(indexPaths.signature, MAX_SIGNATURE_BYTES)

  const parts = new Map<string, PublishedPart>()
  const known = new Set<string>(Object.values(indexPaths))
  for (const { file } of readExportIndex(indexBytes).index?.content.parts ?? []) {
    const name = [file, file.slice(0, -SUFFIX.length)].find((candidate) => there.has(candidate))
    if (name === undefined) continue
    known.add(name)
    // A link to nothing is no part.
    if (!(await isThere(join(folder, name)))) continue
    const published = { ...(await readPublishedExport({ path: join(folder, name) }, signal)), keys }
    parts.set(file, { verdict: verifyExport(published), manifestBytes: published.manifestBytes })
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
