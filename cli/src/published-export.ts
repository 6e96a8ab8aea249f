import { bundlePaths, MAX_MANIFEST_BYTES, MAX_SIGNATURE_BYTES } from '@stella/contracts'
import * as native from '@stella/native'

import { readInputFile } from './input-file.ts'

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

/** The file that was given, else the one inside; and whether both are there and differ. */
async function standIn(path: string | undefined, maxBytes: number, inside: Uint8Array | null) {
  if (path === undefined) return { bytes: inside, differs: false }
  const bytes = await readInputFile(path, maxBytes)
  return { bytes, differs: inside !== null && !bytes.equals(inside) }
}
