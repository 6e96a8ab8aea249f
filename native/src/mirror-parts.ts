import type { ExportIndex, ExportManifest, PublicKey } from '@stella/contracts'
import { assembledManifest, assemblyFault, CommandFailure, readExportIndex, verifyIndex } from '@stella/core'

import { readPublishedIndex } from './published-parts.ts'
import { unsound } from './sound-export.ts'
import { zstdVersion } from './zstd-version.ts'

/** A part that was verified. */
export interface MirrorPart {
  /** Name of its bundle in the index. */
  readonly file: string
  readonly path: string
  readonly manifest: ExportManifest
  readonly manifestBytes: Uint8Array
  readonly signatureBytes: Uint8Array
}

/** A mirror in parts that was verified: its index, and each part in the order of the index. */
export interface MirrorParts {
  readonly index: ExportIndex
  readonly indexBytes: Uint8Array
  readonly signatureBytes: Uint8Array
  /** The key that signed the index. */
  readonly keyId: string
  readonly parts: readonly MirrorPart[]
  /** Of the mirror that the parts make, without its files: these are not known until it is assembled. */
  readonly manifest: ExportManifest
}

/**
 * Reads all of a mirror in parts, and verifies it as any export in parts: its index, each part alone, and that the parts are those that the index names.
 * @throws CommandFailure `integrity` where it is not sound, with what is wrong, or is no mirror that can be assembled · as `readPublishedIndex`
 */
export async function readMirrorParts(
  folder: string,
  keys: readonly PublicKey[],
  signal: AbortSignal,
): Promise<MirrorParts> {
  const published = await readPublishedIndex(folder, keys, signal)
  const { indexBytes, signatureBytes } = published
  const { ok, keyId, parts: judged, faults } = verifyIndex(published)
  const { index } = readExportIndex(indexBytes)
  if (!ok || !index || !indexBytes || !signatureBytes || keyId === null) throw unsound(folder, faults)
  const parts = index.content.parts.flatMap(({ file }): MirrorPart[] => {
    const { path = '', verdict, manifestBytes, signatureBytes } = published.parts.get(file) ?? {}
    const { manifest } = verdict ?? {}
    return manifest && manifestBytes && signatureBytes ? [{ file, path, manifest, manifestBytes, signatureBytes }] : []
  })
  const encrypted = parts.find((_, place) => judged[place]?.isEncrypted)
  if (encrypted) throw encryptedPart(folder, encrypted.path)
  const of = { index, parts: parts.map((part) => part.manifest) }
  const fault = assemblyFault(of)
  if (fault !== null) throw notAssembled(folder, fault)
  const manifest = assembledManifest(of, `zstd ${zstdVersion()}`, [])
  return { index, indexBytes, signatureBytes, keyId, parts, manifest }
}

function notAssembled(folder: string, fault: string): CommandFailure {
  const advice = 'export a mirror by a profile mirror:full'
  return new CommandFailure('integrity', `${folder} cannot be assembled into one mirror: ${fault}`, advice)
}

function encryptedPart(folder: string, part: string): CommandFailure {
  const advice = `decrypt each part first, into a folder with the same index: stella mirror decrypt ${part} --out <file>`
  return new CommandFailure('integrity', `${folder} cannot be assembled into one mirror: ${part} is encrypted`, advice)
}
