import { rm, stat } from 'node:fs/promises'
import type { ReadableStream } from 'node:stream/web'

import { DeleteObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3'
import { Problem, S3_IDLE_MS, S3_UPLOAD_SWEEP_MS } from '@stella/contracts'

import { prefixSegments, sealedDigest } from './blob-key.ts'
import { asBlobProblem } from './blob-problem.ts'
import {
  type BlobDigest,
  type BlobEntry,
  type Blobs,
  type BlobToPresign,
  type BlobToRead,
  type FileToPut,
  MAX_LISTED_BLOBS,
  type Scratch,
  type StreamToPut,
} from './blobs.ts'
import { fileChunks } from './file-chunks.ts'
import { makeScratch, sweepDirectory } from './file-scratch.ts'
import { openLocalScratch } from './local-scratch.ts'
import type { S3Location } from './parse-s3-url.ts'
import { S3Bucket } from './s3-bucket.ts'
import { abortLeftUploads } from './s3-leftovers.ts'
import { listS3, removeAllS3 } from './s3-objects.ts'
import { readFromS3, requireSize } from './s3-read.ts'
import { type S3Upload, uploadToS3 } from './s3-upload.ts'
import { spoolFile } from './spool-file.ts'
import { untilAborted } from './until-aborted.ts'
import { requireRange, requireSmall, verifyDigest, verifySize } from './verify-digest.ts'

/**
 * Blobs as objects of an S3-compatible store: `<prefix><key>`. The store checks the SHA-256 of all that it is sent and shows an object
 * whole or not at all; it is read back before a put resolves. Temporary files lie on this machine.
 */
export class S3Blobs implements Blobs {
  readonly #bucket: S3Bucket
  readonly #scratch: string
  #uploadsSweptMs = 0

  private constructor(bucket: S3Bucket, scratch: string) {
    this.#bucket = bucket
    this.#scratch = scratch
  }

  /**
   * Opens a bucket that exists.
   * @throws `config/invalid` where it is absent, refuses, or there are no credentials; `blob/unavailable`
   */
  static async open(location: S3Location, { idleMs = S3_IDLE_MS } = {}): Promise<S3Blobs> {
    const bucket = new S3Bucket(location, idleMs)
    await bucket.requireWritable()
    return new S3Blobs(bucket, await openLocalScratch(location.scratch))
  }

  async putFile({ key, file, sha256, sizeBytes, move = false }: FileToPut): Promise<void> {
    const expected = { sha256, sizeBytes }
    try {
      const { size } = await asBlobProblem(`the file ${file} cannot be read`, () => stat(file))
      verifySize(key, size, sizeBytes)
      await this.#put({ key, chunks: fileChunks(file), maxBytes: sizeBytes, expected })
    } finally {
      if (move) await rm(file, { force: true })
    }
  }

  async putBytes({ key, bytes }: { readonly key: string; readonly bytes: Uint8Array }): Promise<BlobDigest> {
    const chunks = (async function* () {
      yield bytes
    })()
    return this.#put({ key, chunks, maxBytes: bytes.byteLength })
  }

  async putStream({ key, stream, maxBytes, signal }: StreamToPut): Promise<BlobDigest> {
    return this.#put({ key, chunks: untilAborted(stream, signal), maxBytes, signal })
  }

  async read({ key, sizeBytes, sha256, start = 0, end = sizeBytes }: BlobToRead): Promise<ReadableStream<Uint8Array>> {
    requireRange({ start, end, sizeBytes })
    const whole = start === 0 && end === sizeBytes
    const expected = whole ? (sha256 ?? sealedDigest(key)) : null
    return readFromS3(this.#bucket, { key, sizeBytes, start, end, sha256: expected })
  }

  async readBytes(blob: { readonly key: string; readonly maxBytes: number; readonly expected: BlobDigest }) {
    requireSmall(blob)
    const parts: Uint8Array[] = []
    for await (const part of await this.read({ key: blob.key, ...blob.expected })) parts.push(part)
    return Buffer.concat(parts)
  }

  async localFile(blob: BlobDigest & { readonly key: string }, { directory }: Scratch): Promise<string> {
    const { key, sizeBytes } = blob
    return spoolFile({ key, sizeBytes, directory, open: () => this.read(blob) })
  }

  async presign(blob: BlobToPresign): Promise<string> {
    await requireSize(this.#bucket, blob)
    return this.#bucket.presign(blob)
  }

  async exists(key: string): Promise<boolean> {
    const look = new HeadObjectCommand(this.#bucket.object(key))
    return this.#bucket
      .call(`the blob ${key} cannot be looked up`, (client) => client.send(look))
      .then(() => true, unlessAbsent)
  }

  async remove(key: string): Promise<void> {
    const remove = new DeleteObjectCommand(this.#bucket.object(key))
    await this.#bucket.call(`the blob ${key} cannot be removed`, (client) => client.send(remove).catch(unlessGone))
  }

  async removeAll(prefix: string): Promise<void> {
    if (prefixSegments(prefix).length === 0) {
      throw new Problem('request/invalid', 'a whole blob store is not removed: name a prefix')
    }
    await removeAllS3(this.#bucket, prefix)
  }

  async list(prefix: string, { after = '', limit = MAX_LISTED_BLOBS } = {}): Promise<BlobEntry[]> {
    prefixSegments(prefix)
    const most = Math.min(limit, MAX_LISTED_BLOBS)
    const entries: BlobEntry[] = []
    if (most < 1) return entries
    for await (const entry of listS3(this.#bucket, prefix, after)) if (entries.push(entry) === most) break
    return entries
  }

  async scratch(): Promise<Scratch> {
    return asBlobProblem('a temporary directory cannot be made', () => makeScratch(this.#scratch))
  }

  /** Temporary files of this machine, and uploads that were begun and given up by any. Uploads are looked for once in a while only. */
  async sweepScratch(maxAgeMs: number): Promise<number> {
    const nowMs = Date.now()
    const files = await asBlobProblem('temporary files cannot be removed', () =>
      sweepDirectory(this.#scratch, nowMs - maxAgeMs),
    )
    if (nowMs - this.#uploadsSweptMs < S3_UPLOAD_SWEEP_MS) return files
    const uploads = await abortLeftUploads(this.#bucket, nowMs - maxAgeMs)
    this.#uploadsSweptMs = nowMs
    return files + uploads
  }

  async check(): Promise<void> {
    await this.#bucket.requireWritable()
  }

  /** Uploads, reads back, and returns what was stored. Bytes that come back wrong do not stay. */
  async #put(put: Omit<S3Upload, 'accept'> & { readonly expected?: BlobDigest }): Promise<BlobDigest> {
    const { key, expected } = put
    const accept = (found: BlobDigest) => {
      verifyDigest(key, found, expected ?? found)
      verifyDigest(key, found, { ...found, sha256: sealedDigest(key) ?? found.sha256 })
    }
    const stored = await uploadToS3(this.#bucket, { ...put, accept })
    for await (const _ of await this.read({ key, ...stored }));
    return stored
  }
}

function unlessAbsent(error: unknown): false {
  if (error instanceof Problem && error.code === 'blob/absent') return false
  throw error
}

function unlessGone(error: unknown): void {
  if (!(error instanceof Error && error.name === 'NoSuchKey')) throw error
}
