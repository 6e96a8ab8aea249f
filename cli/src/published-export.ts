import { stat } from 'node:fs/promises'

import { bundlePaths, MAX_MANIFEST_BYTES, MAX_SIGNATURE_BYTES } from '@stella/contracts'
import * as native from '@stella/native'

import { CommandFailure } from './command-failure.ts'
import { inputFailure, readInputFile } from './input-file.ts'

/** Where an export lies. `manifest` and `sig` are files that stand in for those inside of it, and must equal them where both are there. */
export interface ExportPlace {
  /** A bundle, or the folder that one was unpacked into. */
  readonly path: string
  readonly manifest?: string
  readonly sig?: string
}

/**
 * Reads all of an export: digests of its files, and the few files that describe it. Nothing that it holds is trusted.
 * @throws CommandFailure `notFound` where there is none, `usage` for a pipe or a device
 */
export async function readPublishedExport(place: ExportPlace, signal: AbortSignal): Promise<native.ReadExport> {
  await requireThere(place.path)
  const inside = await native.readPublishedExport({ path: place.path, name: place.path }, signal)
  const manifest = await standIn(place.manifest, MAX_MANIFEST_BYTES, inside.manifestBytes)
  const signature = await standIn(place.sig, MAX_SIGNATURE_BYTES, inside.signatureBytes)
  return {
    ...inside,
    manifestBytes: manifest.bytes,
    signatureBytes: signature.bytes,
    containerFaults: [
      ...inside.containerFaults,
      ...(manifest.differs ? [{ path: bundlePaths.manifest, reason: `it differs from ${place.manifest}` }] : []),
      ...(signature.differs ? [{ path: bundlePaths.signature, reason: `it differs from ${place.sig}` }] : []),
    ],
  }
}

/** Size and digest of every file of a bundle or a folder, and what is wrong with the container. @throws CommandFailure `notFound`, `usage` */
export async function scanExport(path: string, signal: AbortSignal): Promise<native.ScanReport> {
  await requireThere(path)
  return native.scanExport(path, signal)
}

/** A pipe or a device would be read for ever, and cannot be sought in. */
async function requireThere(path: string): Promise<void> {
  const found = await stat(path).catch((cause: unknown) => Promise.reject(inputFailure(path, cause)))
  if (found.isFile() || found.isDirectory()) return
  throw new CommandFailure(
    'usage',
    `${path} cannot be read: it is neither a file nor a folder`,
    'write it to a file first',
  )
}

/** The file that was given, else the one inside; and whether both are there and differ. */
async function standIn(path: string | undefined, maxBytes: number, inside: Uint8Array | null) {
  if (path === undefined) return { bytes: inside, differs: false }
  const bytes = await readInputFile(path, maxBytes)
  return { bytes, differs: inside !== null && !bytes.equals(inside) }
}
