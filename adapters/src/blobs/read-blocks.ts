import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'

import type { BlobDigest } from './blobs.ts'

/** Bytes that one read takes from a file. */
export const BLOCK_BYTES = 1024 * 1024

/** Reads the next bytes at a position: fewer than `length` at the end of the file alone. */
export async function readBlock(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const block = Buffer.allocUnsafeSlow(length)
  const filled = await fill(handle, block, position)
  return filled === length ? block : block.subarray(0, filled)
}

/** SHA-256 and size of a file, read from its beginning; `eachBlock` sees its blocks, to be used at once. Memory: one block. */
export async function digestOfFile(file: string, eachBlock?: (block: Uint8Array) => void): Promise<BlobDigest> {
  const handle = await open(file, 'r')
  try {
    const hash = createHash('sha256')
    const buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES)
    let sizeBytes = 0
    for (;;) {
      const block = buffer.subarray(0, await fill(handle, buffer, sizeBytes))
      if (block.length === 0) return { sha256: hash.digest('hex'), sizeBytes }
      hash.update(block)
      eachBlock?.(block)
      sizeBytes += block.length
    }
  } finally {
    await handle.close()
  }
}

/** Fills a buffer from a position on; returns fewer bytes than it holds at the end of the file alone. */
async function fill(handle: FileHandle, buffer: Buffer, position: number): Promise<number> {
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}
