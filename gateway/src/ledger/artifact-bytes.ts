import { createHash } from 'node:crypto'

import { Problem } from '@stella/contracts'
import type { ArtifactSlice } from '@stella/db'

/** A document to send: its first slice, and how to read the others. */
export interface ArtifactBytes {
  readonly sha256: string
  readonly first: ArtifactSlice
  readonly slice: (offset: number) => Promise<ArtifactSlice | null>
}

/**
 * The bytes of a document, slice by slice. Where they have not the SHA-256 that names them they end before the last slice.
 * @throws `record/digest-mismatch`
 */
export async function* artifactBytes({ sha256, first, slice }: ArtifactBytes): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let next: ArtifactSlice | null = first
  for (let offset = 0; next !== null; ) {
    const { bytes, sizeBytes }: ArtifactSlice = next
    offset += bytes.length
    hash.update(bytes)
    const whole = offset === sizeBytes
    if (whole ? hash.digest('hex') !== sha256 : bytes.length === 0) {
      throw new Problem('record/digest-mismatch', `the document ${sha256} in the ledger does not have this SHA-256`)
    }
    if (bytes.length > 0) yield bytes
    if (whole) return
    next = await slice(offset)
  }
}
