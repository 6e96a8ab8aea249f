import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { ReadableStream, type ReadableStreamDefaultController } from 'node:stream/web'
import { setTimeout as pause } from 'node:timers/promises'

import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3'
import { Problem, S3_READ_RESUMES } from '@stella/contracts'

import { blocksOf } from './blocks-of.ts'
import { BLOCK_BYTES } from './read-blocks.ts'
import type { S3Bucket } from './s3-bucket.ts'
import { s3Problem } from './s3-problem.ts'
import { verifyDigest, verifySize } from './verify-digest.ts'

/** First pause before a read goes on after its connection broke, in milliseconds; it doubles. */
const RESUME_MS = 100

/** Which bytes of an object to read. `sha256`: digest that they must have, or null where they are not verified. */
export interface S3Part {
  readonly key: string
  /** Size of the whole object. */
  readonly sizeBytes: number
  readonly start: number
  readonly end: number
  readonly sha256: string | null
}

/**
 * Streams part of an object in blocks, one ahead of its reader. A connection that breaks or stalls is followed by a request for the
 * rest of the same object. Bytes that are verified end in `blob/altered` instead of their last block.
 * @throws `blob/absent`, `blob/short`, `blob/long`, or what the first block fails with, before the stream begins
 */
export async function readFromS3(bucket: S3Bucket, part: S3Part): Promise<ReadableStream<Uint8Array>> {
  const stop = new AbortController()
  const blocks = verified(part, blocksOf(await openChunks(bucket, part, stop.signal), BLOCK_BYTES))
  const next = () =>
    blocks.next().catch((error: unknown) => {
      throw s3Problem(error, `the blob ${part.key} cannot be read`)
    })
  const hand = (controller: ReadableStreamDefaultController<Uint8Array>, { value, done }: IteratorResult<Buffer>) =>
    done ? controller.close() : controller.enqueue(value)

  const first = await next()
  return new ReadableStream<Uint8Array>({
    start: (controller) => hand(controller, first),
    async pull(controller) {
      hand(controller, await next())
    },
    async cancel() {
      stop.abort()
      await blocks.return(undefined).catch(() => undefined) // What a broken connection says to being closed changes nothing.
    },
  })
}

/** Hands on blocks, the last one only when all of them have the digest. */
async function* verified({ key, start, end, sha256 }: S3Part, blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const hash = sha256 === null ? null : createHash('sha256')
  let position = start
  for await (const block of blocks) {
    hash?.update(block)
    position += block.length
    if (position === end) verifyWhole()
    yield block
  }
  if (start === end) verifyWhole()

  function verifyWhole(): void {
    if (hash === null || sha256 === null) return
    const sizeBytes = end - start
    verifyDigest(key, { sha256: hash.digest('hex'), sizeBytes }, { sha256, sizeBytes })
  }
}

interface Opened {
  readonly body: Readable
  readonly etag: string | undefined
}

async function openChunks(bucket: S3Bucket, part: S3Part, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  if (part.start === part.end) {
    await requireSize(bucket, part)
    return nothing()
  }
  return resumed(bucket, { ...part, signal }, await open(bucket, part, undefined))
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** The bytes of a part, over as many connections as it takes. */
async function* resumed(bucket: S3Bucket, part: S3Part & { signal: AbortSignal }, first: Opened) {
  const { key, end, signal } = part
  let { start } = part
  let opened: Opened | null = first
  let failures = 0
  while (start < end) {
    try {
      opened ??= await open(bucket, { ...part, start }, first.etag)
      for await (const chunk of stoppable(opened.body, signal)) {
        start += chunk.byteLength
        failures = 0
        yield chunk
      }
      if (start < end)
        throw new Problem('blob/unavailable', `the blob ${key} cannot be read: its connection ended early`)
    } catch (error) {
      failures += 1
      const problem = s3Problem(error, `the blob ${key} cannot be read`)
      if (signal.aborted || failures > S3_READ_RESUMES || problem.code !== 'blob/unavailable') throw problem
      await pause(RESUME_MS * 2 ** (failures - 1), undefined, { signal })
    }
    opened = null
  }
}

/** The chunks of a body, closed when its reader stops or `signal` is aborted. */
async function* stoppable(body: Readable, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const close = () => void body.destroy()
  signal.addEventListener('abort', close, { once: true })
  try {
    for await (const chunk of body) yield chunk as Uint8Array
  } finally {
    signal.removeEventListener('abort', close)
    close()
  }
}

/** Asks for a part; `etag` makes sure that it is one of the object that was read before. */
async function open(bucket: S3Bucket, { key, sizeBytes, start, end }: S3Part, etag: string | undefined) {
  const ask = new GetObjectCommand({
    ...bucket.object(key),
    Range: `bytes=${start}-${end - 1}`,
    ...(etag === undefined ? {} : { IfMatch: etag }),
  })
  const answer = await bucket.call(`the blob ${key} cannot be read`, (client) => client.send(ask))
  const body = answer.Body as Readable
  try {
    verifySize(key, totalOf(answer.ContentRange) ?? answer.ContentLength ?? 0, sizeBytes)
    if (answer.ContentLength === end - start) return { body, etag: answer.ETag }
    throw new Problem('blob/unavailable', `the blob ${key} cannot be read: the store sent another range`)
  } catch (error) {
    body.destroy()
    throw error
  }
}

/** Compares the size of an object without reading it. */
export async function requireSize(bucket: S3Bucket, { key, sizeBytes }: Pick<S3Part, 'key' | 'sizeBytes'>) {
  const ask = new HeadObjectCommand(bucket.object(key))
  const { ContentLength = 0 } = await bucket.call(`the blob ${key} cannot be read`, (client) => client.send(ask))
  verifySize(key, ContentLength, sizeBytes)
}

function totalOf(contentRange: string | undefined): number | null {
  const [, total] = /^bytes \d+-\d+\/(\d+)$/.exec(contentRange ?? '') ?? []
  return total === undefined ? null : Number(total)
}
