import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'

import type { BlobDigest } from './blobs.ts'

/** Bytes that one read takes from a file. */
export const BLOCK_BYTES = 1024 * 1024

/** Reads the next bytes at a position: fewer than `length` at the end of the file alone. */
export async function readBlock(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const block = Buffer.allocUnsafeSlow(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await handle.read(block, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled === length ? block : block.subarray(0, filled)
}

/** SHA-256 and size of a file, read from its beginning. Memory: one block. */
export async function digestOfFile(file: string): Promise<BlobDigest> {
  const handle = await open(file, 'r')
  try {
    const hash = createHash('sha256')
    const block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
    let sizeBytes = 0
    for (;;) {
      const { bytesRead } = await handle.read(block, 0, BLOCK_BYTES, sizeBytes)
      if (bytesRead === 0) return { sha256: hash.digest('hex'), sizeBytes }
      hash.update(block.subarray(0, bytesRead))
      sizeBytes += bytesRead
    }
  } finally {
    await handle.close()
  }
}
