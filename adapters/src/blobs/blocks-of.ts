/**
 * The same bytes in blocks of exactly `blockBytes`; the last may be shorter, and none is empty. A block is the reader's own.
 * Memory: one block.
 */
export async function* blocksOf(chunks: AsyncIterable<Uint8Array>, blockBytes: number): AsyncGenerator<Buffer> {
  let block = Buffer.alloc(0)
  let filled = 0
  for await (const chunk of chunks) {
    for (let taken = 0; taken < chunk.byteLength; ) {
      if (filled === 0) block = Buffer.allocUnsafeSlow(blockBytes)
      const part = chunk.subarray(taken, taken + blockBytes - filled)
      block.set(part, filled)
      filled += part.byteLength
      taken += part.byteLength
      if (filled < blockBytes) continue
      filled = 0
      yield block
    }
  }
  if (filled > 0) yield block.subarray(0, filled)
}
