import { join } from 'node:path'

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
  const encrypted = judged.find(({ isEncrypted }) => isEncrypted)
  if (encrypted) throw encryptedPart(folder, encrypted.file)
  const parts = index.content.parts.map(({ file }): MirrorPart => {
    const { path, verdict, manifestBytes, signatureBytes } = published.parts.get(file) ?? {}
    const manifest = verdict?.manifest
    if (!path || !manifest || !manifestBytes || !signatureBytes) throw unsound(folder, faults)
    return { file, path, manifest, manifestBytes, signatureBytes }
  })
  if (parts.some(({ manifest: { content } }) => !content.mirror || content.delta)) throw noMirror(folder)
  const of = { index, parts: parts.map((part) => part.manifest) }
  const fault = assemblyFault(of)
  if (fault !== null) throw notAssembled(folder, fault)
  const manifest = assembledManifest(of, `zstd ${zstdVersion()}`, [])
  return { index, indexBytes, signatureBytes, keyId, parts, manifest }
}

function notAssembled(folder: string, fault: string): CommandFailure {
  const advice = 'get the export again, index and parts of one run'
  return new CommandFailure('integrity', `${folder} cannot be assembled into one mirror: ${fault}`, advice)
}

function noMirror(folder: string): CommandFailure {
  const message = `${folder} cannot be assembled into one mirror: its parts are none of a mirror`
  return new CommandFailure('usage', message, 'export a mirror by a profile mirror:full')
}

function encryptedPart(folder: string, file: string): CommandFailure {
  const advice =
    'decrypt each part first, under its name into a folder with the same index: ' +
    `stella mirror decrypt ${join(folder, file)} --out <folder>/${file}, with --identity or --data-key`
  return new CommandFailure('integrity', `${folder} cannot be assembled into one mirror: ${file} is encrypted`, advice)
}
