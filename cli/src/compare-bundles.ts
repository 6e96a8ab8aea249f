import { createHash } from 'node:crypto'
import { resolve } from 'node:path'

import {
  bundlePaths,
  type EncryptedFiles,
  encryptedFiles,
  encryptedPaths,
  exportManifest,
  MAX_MANIFEST_BYTES,
  mirrorPaths,
} from '@stella/contracts'
import { byteOrder, CommandFailure, encodeSummary } from '@stella/core'

/** A file of two exports, and whether it has the same bytes in both. */
export interface FileComparison {
  readonly path: string
  readonly equal: boolean
}

/** Size and SHA-256 of the files of an export, as one text, by path. */
export type FileDigests = ReadonlyMap<string, string>

const SIGNATURES = 'signatures/'

/** Compares every file of two exports but those under `signatures/`, by size and SHA-256; sorted by path. */
export function compareDigests(first: FileDigests, second: FileDigests): FileComparison[] {
  const paths = [...new Set([...first.keys(), ...second.keys()])].filter((path) => !path.startsWith(SIGNATURES))
  return paths.sort(byteOrder).map((path) => ({ path, equal: first.get(path) === second.get(path) }))
}

/**
 * The files of a bundle, read. Those that are encrypted come out otherwise each time: for them stands what its manifest says of their plaintext; null
 * where that is encrypted too.
 * @throws CommandFailure `integrity` where its container is not sound, or where it holds nothing to compare
 */
export async function digestsOfBundle(bundle: string, signal: AbortSignal): Promise<FileDigests | null> {
  const { scanExport } = await import('@stella/native')
  const { members, faults } = await scanExport(bundle, signal)
  const [fault] = faults
  if (fault) throw incomparable(bundle, `${fault.path ?? 'the container'}: ${fault.reason}`)
  if (members.every(({ path }) => path.startsWith(SIGNATURES))) throw incomparable(bundle, 'it holds no file')
  const sealed = members.some(({ path }) => path === encryptedPaths.list) ? await sealedFiles(bundle, signal) : null
  if (sealed?.strict) return null
  const stated = sealed ? await statedDigests(bundle, signal) : []
  const left = new Set(sealed?.files.map(({ path }) => path))
  const read = members.filter(({ path }) => !left.has(path))
  return new Map([...stated, ...read.map(({ path, sizeBytes, sha256 }): Digest => [path, `${sizeBytes} ${sha256}`])])
}

type Digest = [path: string, digest: string]

async function sealedFiles(bundle: string, signal: AbortSignal): Promise<EncryptedFiles> {
  const { readMember } = await import('@stella/native')
  const list = await readMember(resolve(bundle), encryptedPaths.list, MAX_MANIFEST_BYTES, signal)
  return encryptedFiles.parse(JSON.parse(list.toString()))
}

async function statedDigests(bundle: string, signal: AbortSignal): Promise<Digest[]> {
  const { readMember } = await import('@stella/native')
  const manifest = await readMember(resolve(bundle), bundlePaths.manifest, MAX_MANIFEST_BYTES, signal)
  const { files } = exportManifest.parse(JSON.parse(manifest.toString())).content
  return files.map(({ path, size, sha256 }): Digest => [path, `${size} ${sha256}`])
}

/** The files that a manifest names, with the manifest itself and the provenance beside it. Of a mirror also its summary. */
export function digestsOfDocuments(manifest: Buffer, provenance: Buffer): FileDigests {
  const parsed = exportManifest.parse(JSON.parse(manifest.toString()))
  const { files, mirror } = parsed.content
  const digestOf = (bytes: Buffer) => `${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}`
  return new Map([
    ...files.map(({ path, size, sha256 }): Digest => [path, `${size} ${sha256}`]),
    // A mirror has a summary, which is made of its manifest.
    ...(mirror ? [[mirrorPaths.summary, digestOf(encodeSummary(parsed))] as Digest] : []),
    [bundlePaths.manifest, digestOf(manifest)],
    [bundlePaths.provenance, digestOf(provenance)],
  ])
}

function incomparable(bundle: string, reason: string): CommandFailure {
  const advice = 'download it again: `stella export run download`'
  return new CommandFailure('integrity', `${bundle} cannot be compared: ${reason}`, advice)
}
