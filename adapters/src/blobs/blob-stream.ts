import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { ReadableStream, type ReadableStreamDefaultController } from 'node:stream/web'

import { Problem } from '@stella/contracts'

import { blobProblem } from './blob-problem.ts'
import type { BlockTags } from './block-tags.ts'
import { BLOCK_BYTES, readBlock } from './read-blocks.ts'
import { verifyDigest, verifySize } from './verify-digest.ts'

/** Part of an open file to stream. */
export interface FilePart {
  readonly key: string
  readonly handle: FileHandle
  /** Size of the whole file. */
  readonly sizeBytes: number
  readonly start: number
  readonly end: number
  /** Tags that each block must match, or the digest that these bytes must have; both null where they are not verified. */
  readonly tags: BlockTags | null
  readonly sha256: string | null
}

/**
 * Streams part of a file in blocks, one ahead of its reader, the first of them before it resolves, and closes the file at the end. A block without its tag is never handed
 * out; bytes that are verified by digest end in `blob/altered` instead of their last block.
 */
export async function blobStream(part: FilePart): Promise<ReadableStream<Uint8Array>> {
  const { key, handle, start, end } = part
  const nextBlock = part.tags ? taggedBlocks(part, part.tags) : hashedBlocks(part)
  let position = start
  const read = async () => {
    try {
      const block = await nextBlock(position)
      position += block.length
      if (position >= end) await handle.close()
      return block
    } catch (error) {
      await handle.close().catch(() => undefined) // The first failure is the one to report.
      throw blobProblem(error, `the blob ${key} cannot be read`)
    }
  }
  const hand = (controller: ReadableStreamDefaultController<Uint8Array>, block: Uint8Array) => {
    if (block.length > 0) controller.enqueue(block)
    if (position >= end) controller.close()
  }

  const first = await read()
  return new ReadableStream<Uint8Array>({
    start: (controller) => hand(controller, first),
    async pull(controller) {
      hand(controller, await read())
    },
    async cancel() {
      await handle.close()
    },
  })
}

/** Reads the rest of the block in which a position lies, up to the end of the part. */
type NextBlock = (position: number) => Promise<Buffer>

function taggedBlocks({ key, handle, sizeBytes, end }: FilePart, tags: BlockTags): NextBlock {
  return async (position) => {
    const number = Math.floor(position / BLOCK_BYTES)
    const from = number * BLOCK_BYTES
    const length = Math.min(BLOCK_BYTES, sizeBytes - from)
    const block = await readBlock(handle, from, length)
    verifySize(key, from + block.length, from + length)
    if (!tags.matches(block, number)) {
      throw new Problem('blob/altered', `the blob ${key} cannot be used: its bytes from ${from} on were changed`)
    }
    return block.subarray(position - from, end - from)
  }
}

function hashedBlocks({ key, handle, start, end, sha256 }: FilePart): NextBlock {
  const hash = sha256 === null ? null : createHash('sha256')
  return async (position) => {
    const block = await readBlock(handle, position, Math.min(BLOCK_BYTES, end - position))
    hash?.update(block)
    if (block.length === 0 && position < end) verifySize(key, position - start, end - start)
    if (position + block.length === end && hash && sha256 !== null) {
      const sizeBytes = end - start
      verifyDigest(key, { sha256: hash.digest('hex'), sizeBytes }, { sha256, sizeBytes })
    }
    return block
  }
}
