import { createHash, webcrypto } from 'node:crypto'

import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { Problem, S3_MAX_PARTS, S3_PART_BYTES, S3_PARTS_IN_FLIGHT } from '@stella/contracts'

import type { BlobDigest } from './blobs.ts'
import { blocksOf } from './blocks-of.ts'
import { BoundedTasks } from './bounded-tasks.ts'
import type { S3Bucket } from './s3-bucket.ts'
import { errorName } from './s3-problem.ts'

/** What to upload. `accept` throws where the bytes are not those wanted; it is asked before anything becomes visible. */
export interface S3Upload {
  readonly key: string
  readonly chunks: AsyncIterable<Uint8Array>
  readonly maxBytes: number
  readonly accept: (found: BlobDigest) => void
  readonly signal?: AbortSignal
}

/**
 * Stores bytes as one object: in one request where they fit into one part, in parts otherwise. The store checks the SHA-256 of each
 * request, and shows nothing before the last one; what fails before takes its parts back.
 * Memory: `S3_PARTS_IN_FLIGHT` parts and two more.
 */
export async function uploadToS3(bucket: S3Bucket, upload: S3Upload): Promise<BlobDigest> {
  const digest = new RunningDigest(upload)
  const parts = blocksOf(digest.passing(upload.chunks), partBytes(upload.maxBytes))
  const first = await parts.next()
  const second = first.done ? first : await parts.next()
  if (second.done) return putWhole(bucket, upload, first.done ? Buffer.alloc(0) : first.value, digest)

  const multipart = await MultipartUpload.begin(bucket, upload)
  try {
    await multipart.send(first.value ?? Buffer.alloc(0))
    await multipart.send(second.value)
    for await (const part of parts) await multipart.send(part)
    const found = digest.finish()
    await multipart.complete()
    return found
  } catch (error) {
    await multipart.abort()
    throw error
  }
}

/** Size of a part with which `maxBytes` fit into the parts allowed. */
function partBytes(maxBytes: number): number {
  return Math.max(S3_PART_BYTES, Math.ceil(maxBytes / S3_MAX_PARTS))
}

/** Counts and hashes what passes. */
class RunningDigest {
  readonly #upload: S3Upload
  readonly #hash = createHash('sha256')
  #sizeBytes = 0

  constructor(upload: S3Upload) {
    this.#upload = upload
  }

  async *passing(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { key, maxBytes } = this.#upload
    for await (const chunk of chunks) {
      this.#sizeBytes += chunk.byteLength
      if (this.#sizeBytes > maxBytes) {
        throw new Problem('request/too-large', `the blob ${key} cannot be stored: over ${maxBytes} bytes`)
      }
      this.#hash.update(chunk)
      yield chunk
    }
  }

  finish(): BlobDigest {
    const found = { sha256: this.#hash.digest('hex'), sizeBytes: this.#sizeBytes }
    this.#upload.accept(found)
    return found
  }
}

async function putWhole(bucket: S3Bucket, { key, signal }: S3Upload, bytes: Buffer, digest: RunningDigest) {
  const found = digest.finish()
  const put = new PutObjectCommand({
    ...bucket.object(key),
    Body: bytes,
    ContentLength: bytes.length,
    ChecksumSHA256: Buffer.from(found.sha256, 'hex').toString('base64'),
  })
  await bucket.call(`the blob ${key} cannot be stored`, (client) => client.send(put, abortedBy(signal)), signal)
  return found
}

/** One upload in parts. */
class MultipartUpload {
  readonly #bucket: S3Bucket
  readonly #key: string
  readonly #uploadId: string
  readonly #signal: AbortSignal
  readonly #stop = new AbortController()
  readonly #tasks = new BoundedTasks(S3_PARTS_IN_FLIGHT)
  readonly #parts: CompletedPart[] = []

  private constructor(bucket: S3Bucket, { key, signal }: S3Upload, uploadId: string) {
    this.#bucket = bucket
    this.#key = key
    this.#uploadId = uploadId
    this.#signal = AbortSignal.any([this.#stop.signal, ...(signal ? [signal] : [])])
  }

  static async begin(bucket: S3Bucket, upload: S3Upload): Promise<MultipartUpload> {
    const { key, signal } = upload
    const begin = new CreateMultipartUploadCommand({ ...bucket.object(key), ChecksumAlgorithm: 'SHA256' })
    const { UploadId } = await bucket.call(
      `an upload of the blob ${key} cannot be begun`,
      (client) => client.send(begin),
      signal,
    )
    if (!UploadId) throw new Problem('blob/unavailable', `an upload of the blob ${key} cannot be begun: it has no id`)
    return new MultipartUpload(bucket, upload, UploadId)
  }

  /** Sends a part once there is room for one more. */
  async send(bytes: Buffer): Promise<void> {
    const number = this.#parts.length + 1
    const part: CompletedPart = { PartNumber: number }
    this.#parts.push(part)
    await this.#tasks.start(async () => {
      const sha256 = Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('base64')
      part.ChecksumSHA256 = sha256
      part.ETag = await this.#put(number, bytes, sha256)
    })
  }

  async complete(): Promise<void> {
    await this.#tasks.done()
    this.#signal.throwIfAborted()
    const MultipartUpload = { Parts: this.#parts }
    const complete = new CompleteMultipartUploadCommand({ ...this.#object(), MultipartUpload })
    await this.#bucket.call(`the upload of the blob ${this.#key} cannot be completed`, (client) =>
      client.send(complete).catch(unlessCompleted),
    )
  }

  /** Stops and takes back what was sent. Where the store does not answer, the sweep does it. */
  async abort(): Promise<void> {
    this.#stop.abort()
    await this.#tasks.settled()
    await this.#bucket.client.send(new AbortMultipartUploadCommand(this.#object())).catch(() => undefined)
  }

  async #put(PartNumber: number, bytes: Buffer, ChecksumSHA256: string): Promise<string | undefined> {
    const put = new UploadPartCommand({
      ...this.#object(),
      PartNumber,
      Body: bytes,
      ContentLength: bytes.length,
      ChecksumSHA256,
    })
    const action = `part ${PartNumber} of the blob ${this.#key} cannot be stored`
    const sent = await this.#bucket.call(action, (client) => client.send(put, abortedBy(this.#signal)), this.#signal)
    return sent.ETag
  }

  #object() {
    return { ...this.#bucket.object(this.#key), UploadId: this.#uploadId }
  }
}

function abortedBy(signal: AbortSignal | undefined) {
  return signal ? { abortSignal: signal } : {}
}

/** An answer that was lost makes the SDK complete twice, and then the upload is gone; reading the object back tells what is there. */
function unlessCompleted(error: unknown): void {
  if (errorName(error) !== 'NoSuchUpload') throw error
}
