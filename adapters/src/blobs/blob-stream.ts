import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { ReadableStream } from 'node:stream/web'

import { blobProblem } from './blob-problem.ts'
import { BLOCK_BYTES, readBlock } from './read-blocks.ts'
import { verifyDigest, verifySize } from './verify-digest.ts'

/** Part of an open file to stream. `sha256`: digest that these bytes must have, or null where they are not verified. */
export interface FilePart {
  readonly key: string
  readonly handle: FileHandle
  readonly start: number
  readonly end: number
  readonly sha256: string | null
}

/**
 * Streams part of a file in blocks, one ahead of its reader, and closes the file at the end. Bytes that are verified end in
 * `blob/altered` instead of their last block, so that a reader never gets all of a wrong blob.
 */
export function blobStream({ key, handle, start, end, sha256 }: FilePart): ReadableStream<Uint8Array> {
  const hash = sha256 === null ? null : createHash('sha256')
  let position = start

  async function nextBlock(): Promise<Buffer> {
    const block = await readBlock(handle, position, Math.min(BLOCK_BYTES, end - position))
    position += block.length
    hash?.update(block)
    if (block.length === 0 && position < end) verifySize(key, position - start, end - start)
    if (position === end && hash && sha256 !== null) {
      const sizeBytes = end - start
      verifyDigest(key, { sha256: hash.digest('hex'), sizeBytes }, { sha256, sizeBytes })
    }
    return block
  }

  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const block = await nextBlock()
        if (block.length > 0) controller.enqueue(block)
        if (position < end) return
        await handle.close()
        controller.close()
      } catch (error) {
        await handle.close().catch(() => undefined) // The first failure is the one to report.
        controller.error(blobProblem(error, `the blob ${key} cannot be read`))
      }
    },
    async cancel() {
      await handle.close()
    },
  })
}
