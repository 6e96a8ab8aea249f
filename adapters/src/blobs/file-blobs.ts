import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { access, chmod, copyFile, type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReadableStream } from 'node:stream/web'

import { Problem } from '@stella/contracts'

import { keySegments, prefixSegments, sealedDigest } from './blob-key.ts'
import { asBlobProblem, blobProblem } from './blob-problem.ts'
import { blobStream } from './blob-stream.ts'
import {
  type BlobDigest,
  type BlobEntry,
  type Blobs,
  type BlobToRead,
  type FileToPut,
  MAX_LISTED_BLOBS,
  type Scratch,
  type StreamToPut,
} from './blobs.ts'
import { BlockTags } from './block-tags.ts'
import { FILE_MODE, makeDirectory, placeFile, syncPath } from './durable-file.ts'
import { makeScratch, scratchPath, sweepDirectory } from './file-scratch.ts'
import { listFiles } from './list-files.ts'
import { BLOCK_BYTES, digestOfFile, readBlock } from './read-blocks.ts'
import { placeTags, readTags, removeTags } from './tag-file.ts'
import { untilAborted } from './until-aborted.ts'
import { requireRange, requireSmall, verifyDigest, verifySize } from './verify-digest.ts'

/** Directory for temporary files under the root. No key reaches it: their segments never begin with `.`. */
const SCRATCH_DIRECTORY = '.scratch'

/** Smallest blob that gets tags: below, its digest costs little. */
const MIN_TAGGED_BYTES = 16 * BLOCK_BYTES

/**
 * Blobs as files under a root directory: `<root>/<key>`, mode 0600 in directories of mode 0700. Temporary files lie in
 * `<root>/.scratch`, on the same file system, so that a rename puts them into place.
 */
export class FileBlobs implements Blobs {
  readonly #root: string
  readonly #scratch: string

  private constructor(root: string) {
    this.#root = root
    this.#scratch = join(root, SCRATCH_DIRECTORY)
  }

  /** Opens the store in a directory, which is made where absent. @throws `blob/unavailable` where it cannot be written to */
  static async open(root: string): Promise<FileBlobs> {
    const blobs = new FileBlobs(root)
    await asBlobProblem(`the blob directory ${root} cannot be made`, () => makeDirectory(blobs.#scratch))
    await blobs.check()
    return blobs
  }

  async putFile({ key, file, sha256, sizeBytes, move = false }: FileToPut): Promise<void> {
    const place = this.#place(key)
    const temporary = scratchPath(this.#scratch)
    await this.#putting(key, temporary, async () => {
      if (!(move && (await moved(file, temporary)))) await copyFile(file, temporary, constants.COPYFILE_FICLONE)
      await chmod(temporary, FILE_MODE)
      await syncPath(temporary)
      await this.#settle({ key, temporary, place, expected: { sha256, sizeBytes } })
      if (move) await rm(file, { force: true })
    })
  }

  async putBytes({ key, bytes }: { readonly key: string; readonly bytes: Uint8Array }): Promise<BlobDigest> {
    const chunks = (async function* () {
      yield bytes
    })()
    return this.#putChunks(key, bytes.byteLength, chunks)
  }

  async putStream({ key, stream, maxBytes, signal }: StreamToPut): Promise<BlobDigest> {
    return this.#putChunks(key, maxBytes, untilAborted(stream, signal))
  }

  async read({ key, sizeBytes, sha256, start = 0, end = sizeBytes }: BlobToRead): Promise<ReadableStream<Uint8Array>> {
    requireRange({ start, end, sizeBytes })
    const handle = await this.#open(key, sizeBytes)
    const digest = sha256 ?? sealedDigest(key)
    const tags = digest === null ? null : await readTags(this.#place(key), { sha256: digest, sizeBytes })
    const whole = start === 0 && end === sizeBytes
    return blobStream({ key, handle, sizeBytes, start, end, tags, sha256: whole ? digest : null })
  }

  async readBytes(blob: { readonly key: string; readonly maxBytes: number; readonly expected: BlobDigest }) {
    requireSmall(blob)
    const { key, expected } = blob
    const handle = await this.#open(key, expected.sizeBytes)
    return asBlobProblem(`the blob ${key} cannot be read`, async () => {
      try {
        const bytes = await readBlock(handle, 0, expected.sizeBytes)
        const sha256 = createHash('sha256').update(bytes).digest('hex')
        verifyDigest(key, { sha256, sizeBytes: bytes.length }, expected)
        return bytes
      } finally {
        await handle.close()
      }
    })
  }

  async localFile({ key, sizeBytes }: { readonly key: string; readonly sizeBytes: number }): Promise<string> {
    const place = this.#place(key)
    const { size } = await asBlobProblem(`the blob ${key} cannot be read`, () => stat(place))
    verifySize(key, size, sizeBytes)
    return place
  }

  /** Files are not served by a store of their own. */
  async presign(): Promise<null> {
    return null
  }

  async exists(key: string): Promise<boolean> {
    const place = this.#place(key)
    return asBlobProblem(`the blob ${key} cannot be looked up`, async () => (await found(place)) !== null)
  }

  async remove(key: string): Promise<void> {
    const place = this.#place(key)
    await asBlobProblem(`the blob ${key} cannot be removed`, async () => {
      await rm(place, { force: true })
      await removeTags(place)
    })
  }

  async removeAll(prefix: string): Promise<void> {
    const segments = prefixSegments(prefix)
    if (segments.length === 0) throw new Problem('request/invalid', 'a whole blob store is not removed: name a prefix')
    const directory = join(this.#root, ...segments)
    await asBlobProblem(`the blobs under ${prefix} cannot be removed`, () =>
      rm(directory, { recursive: true, force: true, maxRetries: 5 }),
    )
  }

  async list(prefix: string, { after = '', limit = MAX_LISTED_BLOBS } = {}): Promise<BlobEntry[]> {
    const directory = join(this.#root, ...prefixSegments(prefix))
    const most = Math.min(limit, MAX_LISTED_BLOBS)
    return asBlobProblem(`the blobs under ${prefix} cannot be listed`, async () => {
      const entries: BlobEntry[] = []
      if (most < 1) return entries
      for await (const entry of listFiles(directory, prefix, after)) if (entries.push(entry) === most) break
      return entries
    })
  }

  async scratch(): Promise<Scratch> {
    return asBlobProblem('a temporary directory cannot be made', () => makeScratch(this.#scratch))
  }

  async sweepScratch(maxAgeMs: number): Promise<number> {
    return asBlobProblem('temporary files cannot be removed', () =>
      sweepDirectory(this.#scratch, Date.now() - maxAgeMs),
    )
  }

  async check(): Promise<void> {
    await access(this.#scratch, constants.R_OK | constants.W_OK | constants.X_OK).catch((cause) => {
      throw new Problem('blob/unavailable', `the blob directory ${this.#root} cannot be written to`, { cause })
    })
  }

  #place(key: string): string {
    return join(this.#root, ...keySegments(key))
  }

  async #open(key: string, sizeBytes: number): Promise<FileHandle> {
    const place = this.#place(key)
    return asBlobProblem(`the blob ${key} cannot be read`, async () => {
      const handle = await open(place, 'r')
      try {
        verifySize(key, (await handle.stat()).size, sizeBytes)
        return handle
      } catch (error) {
        await handle.close()
        throw error
      }
    })
  }

  async #putChunks(key: string, maxBytes: number, chunks: AsyncIterable<Uint8Array>): Promise<BlobDigest> {
    const place = this.#place(key)
    const temporary = scratchPath(this.#scratch)
    let written: BlobDigest = { sha256: '', sizeBytes: 0 }
    await this.#putting(key, temporary, async () => {
      written = await writeChunks({ key, temporary, maxBytes, chunks })
      await this.#settle({ key, temporary, place, expected: written })
    })
    return written
  }

  /** Runs a put; whatever happens, its temporary file is gone afterwards. Only failures of the file system become Problems here. */
  async #putting(key: string, temporary: string, put: () => Promise<void>): Promise<void> {
    try {
      await put()
    } catch (error) {
      const ofFileSystem = error instanceof Error && 'syscall' in error
      throw ofFileSystem ? blobProblem(error, `the blob ${key} cannot be stored`) : error
    } finally {
      await rm(temporary, { force: true }).catch(() => undefined) // The sweep removes what is left.
    }
  }

  /** Reads a temporary file back, verifies it, and gives it the key's name where the key does not hold these bytes already. */
  async #settle(put: { key: string; temporary: string; place: string; expected: BlobDigest }): Promise<void> {
    const { key, temporary, place, expected } = put
    const tags = expected.sizeBytes >= MIN_TAGGED_BYTES ? BlockTags.begin(BLOCK_BYTES) : null
    verifyDigest(key, await digestOfFile(temporary, tags?.add), expected)
    const sealed = sealedDigest(key)
    verifyDigest(key, expected, { ...expected, sha256: sealed ?? expected.sha256 })

    const present = await found(place)
    if (present?.size === expected.sizeBytes && (await digestOfFile(place)).sha256 === expected.sha256) return
    await placeFile(temporary, place)
    // Without tags it is verified by its digest.
    await (tags && placeTags(tags.finish(expected), temporary, place).catch(() => undefined))
  }
}

/** Writes chunks to a new file, syncs it, and returns what was written. */
async function writeChunks(file: {
  key: string
  temporary: string
  maxBytes: number
  chunks: AsyncIterable<Uint8Array>
}): Promise<BlobDigest> {
  const handle = await open(file.temporary, 'wx', FILE_MODE)
  try {
    const hash = createHash('sha256')
    let sizeBytes = 0
    for await (const chunk of file.chunks) {
      sizeBytes += chunk.byteLength
      if (sizeBytes > file.maxBytes) {
        throw new Problem('request/too-large', `the blob ${file.key} cannot be stored: over ${file.maxBytes} bytes`)
      }
      hash.update(chunk)
      await writeAll(handle, chunk)
    }
    await handle.sync()
    return { sha256: hash.digest('hex'), sizeBytes }
  } finally {
    await handle.close()
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let offset = 0; offset < chunk.byteLength; ) {
    const { bytesWritten } = await handle.write(chunk, offset)
    offset += bytesWritten
  }
}

/** Renames a file; false where it lies on another file system. */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EXDEV') return false
    throw error
  }
}

async function found(place: string): Promise<{ size: number } | null> {
  try {
    const entry = await stat(place)
    return entry.isFile() ? entry : null
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null
    throw error
  }
}
