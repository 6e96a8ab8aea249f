import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ReadableStream } from 'node:stream/web'

import { ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3'
import { S3_ATTEMPTS } from '@stella/contracts'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { type Fault, FaultProxy, type FaultScript } from '../testing/fault-proxy.ts'
import { lacksObjectStore, ObjectStoreProcess } from '../testing/object-store.ts'
import { blobsSuite } from './blobs-suite.ts'
import { parseS3Url } from './parse-s3-url.ts'
import { S3Blobs } from './s3-blobs.ts'

const MIB = 1024 * 1024
const MAX = 64 * MIB
/** Silence that counts as broken here, in milliseconds. */
const IDLE_MS = 400

const slowDown: Fault = { kind: 'answer', status: 503, code: 'SlowDown' }
const internalError: Fault = { kind: 'answer', status: 500, code: 'InternalError' }
/** What goes wrong in turn, by the method of the request. */
const faults: Readonly<Record<string, readonly Fault[]>> = {
  PUT: [slowDown, { kind: 'cut-request', afterBytes: 1000 }, { kind: 'lose-answer' }, { kind: 'stall' }, internalError],
  GET: [
    slowDown,
    { kind: 'cut-answer', afterBytes: 100_000 },
    { kind: 'stall-answer', afterBytes: 70_000 },
    { kind: 'cut-answer', afterBytes: 1 },
    internalError,
  ],
  HEAD: [slowDown, { kind: 'lose-answer' }],
  POST: [internalError, { kind: 'lose-answer' }, slowDown],
  DELETE: [slowDown, { kind: 'lose-answer' }],
}

/** Every third request of a method goes wrong, but the same one never three times on end. */
function everyThird(): FaultScript {
  const asked = new Map<string, number>()
  const onEnd = new Map<string, number>()
  return ({ method, url }) => {
    const count = (asked.get(method) ?? 0) + 1
    const before = onEnd.get(`${method} ${url}`) ?? 0
    asked.set(method, count)
    const fault = count % 3 === 0 && before < 2 ? (faults[method]?.[(count / 3) % 5] ?? null) : null
    onEnd.set(`${method} ${url}`, fault ? before + 1 : 0)
    return fault
  }
}

describe.skipIf(lacksObjectStore())('an object store with faults between', () => {
  let store: ObjectStoreProcess
  let proxy: FaultProxy
  let blobs: S3Blobs
  const scratch = mkdtempSync(join(tmpdir(), 'stella-s3-faults-'))
  const through = (prefix: string) => parseS3Url(new URL(store.url({ prefix, port: proxy.port, scratch })))
  beforeAll(async () => {
    store = await ObjectStoreProcess.start()
    Object.assign(process.env, store.env)
    proxy = await FaultProxy.start(store.port)
    blobs = await S3Blobs.open(through('clean'), { idleMs: IDLE_MS })
  })
  afterAll(async () => {
    await proxy?.stop()
    await store?.stop()
    rmSync(scratch, { recursive: true, force: true })
  })

  describe('that pass', () => {
    beforeAll(() => {
      proxy.script = everyThird()
    })
    afterAll(() => {
      expect(proxy.faults).toBeGreaterThan(50)
    })
    blobsSuite('s3-blobs', async () => ({
      blobs: await S3Blobs.open(through('passing'), { idleMs: IDLE_MS }),
      damage: async (key, bytes) => store.damage(`passing/${key}`, bytes),
      close: async () => undefined,
    }))

    test('parts are sent again, and a read goes on where it broke', async () => {
      const bytes = randomBytes(40 * MIB + 3)
      const key = `acme/sha256/${sha256Of(bytes)}`
      const digest = await blobs.putStream({ key, stream: slices(bytes), maxBytes: MAX, signal: never })
      expect(digest).toEqual({ sha256: sha256Of(bytes), sizeBytes: bytes.length })
      expect((await collect(await blobs.read({ key, ...digest }))).equals(bytes)).toBe(true)
    })

    test('an upload whose id was lost with an answer is taken back by the sweep, once it is old', async () => {
      const fresh = () => S3Blobs.open(through('clean'), { idleMs: IDLE_MS })
      let lost = 0
      proxy.script = ({ url, method }) =>
        method === 'POST' && url.includes('uploads=') && lost++ === 0 ? { kind: 'lose-answer' } : null
      const bytes = randomBytes(9 * MIB)
      await blobs.putStream({ key: 'acme/uploads/begun-twice', stream: slices(bytes), maxBytes: MAX, signal: never })

      const left = (await unfinished(store)).length
      expect(left).toBeGreaterThan(0)
      expect(await (await fresh()).sweepScratch(60_000)).toBe(0)
      expect(await unfinished(store)).toHaveLength(left)
      expect(await (await fresh()).sweepScratch(-60_000)).toBe(left)
      expect(await unfinished(store)).toEqual([])
    })
  })

  describe('that stay', () => {
    const key = 'acme/uploads/one'
    const put = () => blobs.putStream({ key, stream: slices(randomBytes(20 * MIB)), maxBytes: MAX, signal: never })
    beforeEach(() => {
      proxy.script = () => null
    })

    async function nothingLeft(): Promise<void> {
      proxy.script = () => null
      expect(await blobs.exists(key)).toBe(false)
      expect(await unfinished(store)).toEqual([])
      expect(readdirSync(scratch)).toEqual([])
    }

    const part = (number: number) => (url: string) => url.includes(`partNumber=${number}&`)
    test.each<[string, string, (url: string, method: string) => Fault | null]>([
      ['every answer is 503 SlowDown', 'blob/unavailable', (_, method) => (method === 'PUT' ? slowDown : null)],
      [
        'part 2 is always cut',
        'blob/unavailable',
        (url) => (part(2)(url) ? { kind: 'cut-request', afterBytes: MIB } : null),
      ],
      ['part 3 never gets an answer', 'blob/unavailable', (url) => (part(3)(url) ? { kind: 'stall' } : null)],
      ['part 1 is altered on its way', 'blob/altered', (url) => (part(1)(url) ? { kind: 'alter-request' } : null)],
      [
        'the store is full',
        'blob/full',
        (url) => (part(2)(url) ? { kind: 'answer', status: 507, code: 'InsufficientStorage' } : null),
      ],
      [
        'the last step fails',
        'blob/unavailable',
        (url, method) => (method === 'POST' && !url.includes('uploads=') ? internalError : null),
      ],
    ])('a put where %s ends as %s and leaves nothing', async (_, code, fault) => {
      proxy.script = ({ url, method }) => (url.includes('acme') ? fault(url, method) : null)
      await expect(put()).rejects.toMatchObject({ name: 'Problem', code })
      await nothingLeft()
    })

    test('a request is tried a bounded number of times', async () => {
      let asked = 0
      proxy.script = ({ url }) => (url.includes('acme') && ++asked ? slowDown : null)
      await expect(blobs.putBytes({ key, bytes: Buffer.from('x') })).rejects.toMatchObject({ code: 'blob/unavailable' })
      expect(asked).toBe(S3_ATTEMPTS)
      await nothingLeft()
    })

    test('an answer that is lost after the last step is no failure', async () => {
      let lost = 0
      proxy.script = ({ url, method }) =>
        method === 'POST' && url.includes('uploadId=') && lost++ === 0 ? { kind: 'lose-answer' } : null
      const bytes = randomBytes(9 * MIB)
      const named = `acme/uploads/lost-answer`
      const digest = await blobs.putStream({ key: named, stream: slices(bytes), maxBytes: MAX, signal: never })
      expect(lost).toBeGreaterThan(1)
      expect((await collect(await blobs.read({ key: named, ...digest }))).equals(bytes)).toBe(true)
    })

    test('bytes that are altered on their way to a reader are never handed out whole', async () => {
      const bytes = randomBytes(3 * MIB)
      const digest = await blobs.putBytes({ key: 'acme/uploads/two', bytes })
      proxy.script = ({ method }) => (method === 'GET' ? { kind: 'alter-answer' } : null)
      const reading = collect(await blobs.read({ key: 'acme/uploads/two', ...digest }))
      await expect(reading).rejects.toMatchObject({ code: 'blob/altered' })
      const into = await blobs.scratch()
      await expect(blobs.localFile({ key: 'acme/uploads/two', ...digest }, into)).rejects.toMatchObject({
        code: 'blob/altered',
      })
      expect(readdirSync(into.directory)).toEqual([])
      await into.dispose()
    })

    test.each<Fault>([{ kind: 'cut-answer', afterBytes: 0 }, { kind: 'stall' }])(
      'a read that never gets on ends as blob/unavailable: %j',
      async (fault) => {
        const digest = await blobs.putBytes({ key: 'acme/uploads/three', bytes: randomBytes(2 * MIB) })
        const stream = await blobs.read({ key: 'acme/uploads/three', ...digest })
        await stream.cancel()
        proxy.script = ({ method }) => (method === 'GET' ? fault : null)
        const reading = blobs.read({ key: 'acme/uploads/three', ...digest }).then(collect)
        await expect(reading).rejects.toMatchObject({ code: 'blob/unavailable' })
      },
    )
  })
})

const never = new AbortController().signal

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

async function* slices(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000)
}

async function collect(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}

/** Uploads that the store holds unfinished, asked past the proxy. */
async function unfinished(store: ObjectStoreProcess): Promise<unknown[]> {
  const client = new S3Client({ endpoint: `http://127.0.0.1:${store.port}`, region: 'us-east-1', forcePathStyle: true })
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: store.bucket }))
  client.destroy()
  return Uploads
}
