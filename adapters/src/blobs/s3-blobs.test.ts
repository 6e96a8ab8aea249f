import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'

import { lacksObjectStore, ObjectStoreProcess } from '../testing/object-store.ts'
import { blobsSuite } from './blobs-suite.ts'
import { openBlobs } from './open-blobs.ts'
import { parseS3Url } from './parse-s3-url.ts'
import { S3Blobs } from './s3-blobs.ts'

const MIB = 1024 * 1024
const never = new AbortController().signal

test.each([
  's3://',
  's3://UPPER_case/x',
  's3://bucket/a//b',
  's3://bucket/a b',
  's3://bucket/.hidden',
  's3://bucket?endpoint=ftp://127.0.0.1',
  's3://bucket?endpoint=http://name:word@127.0.0.1',
  's3://bucket?path-style=yes',
  's3://bucket?scratch=relative',
  's3://bucket?region=a&region=b',
  's3://bucket?secret=hunter2',
  's3://name:hunter2@bucket',
  's3://bucket#part',
])('openBlobs() refuses %s without repeating a secret', async (url) => {
  const opening = openBlobs(url)
  await expect(opening).rejects.toMatchObject({ code: 'config/invalid' })
  await expect(opening).rejects.toThrow(/^BLOB_URL cannot be used: (?!.*hunter2)/)
})

describe.skipIf(lacksObjectStore())('s3', () => {
  let store: ObjectStoreProcess
  const scratch = mkdtempSync(join(tmpdir(), 'stella-s3-scratch-'))
  const open = (prefix: string) => S3Blobs.open(parseS3Url(new URL(store.url({ prefix, scratch }))))
  beforeAll(async () => {
    store = await ObjectStoreProcess.start()
    for (const [name, value] of Object.entries(store.env)) vi.stubEnv(name, value)
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await store?.stop()
    rmSync(scratch, { recursive: true, force: true })
  })

  blobsSuite('s3-blobs', async () => ({
    blobs: await open('blobs'),
    damage: async (key, bytes) => store.damage(`blobs/${key}`, bytes),
    close: async () => undefined,
  }))

  test('a blob of many parts comes back as it was, from a file and from a stream', async () => {
    const blobs = await open('parts')
    const bytes = randomBytes(41 * MIB + 1)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const digest = { sha256, sizeBytes: bytes.length }
    const file = join(scratch, 'large')
    await writeFile(file, bytes)

    await blobs.putFile({ key: 'acme/file', file, ...digest, move: true })
    expect(
      await blobs.putStream({ key: 'acme/stream', stream: slices(bytes), maxBytes: 64 * MIB, signal: never }),
    ).toEqual(digest)
    for (const key of ['acme/file', 'acme/stream']) {
      expect((await blobs.readBytes({ key, maxBytes: 64 * MIB, expected: digest })).equals(bytes)).toBe(true)
    }
    const other = createHash('sha256').update('other').digest('hex')
    const sealed = { key: `acme/sha256/${other}`, stream: slices(bytes), maxBytes: 64 * MIB, signal: never }
    await expect(blobs.putStream(sealed)).rejects.toMatchObject({ code: 'blob/altered' })
    expect(await blobs.exists(sealed.key)).toBe(false)
  })

  test('presign() gives a URL that fetches the bytes by range, and no other', async () => {
    const blobs = await open('presigned')
    const bytes = randomBytes(MIB)
    const { sizeBytes } = await blobs.putBytes({ key: 'acme/one', bytes })
    const ask = { key: 'acme/one', sizeBytes, fileName: 'one.tar.zst', mediaType: 'application/zstd', seconds: 60 }
    const url = await blobs.presign(ask)
    const part = await fetch(url, { headers: { range: 'bytes=10-19' } })
    expect([part.status, part.headers.get('content-type')]).toEqual([206, 'application/zstd'])
    expect(part.headers.get('content-disposition')).toBe('attachment; filename="one.tar.zst"')
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 20))).toBe(true)
    expect((await fetch(url.replace('acme/one', 'acme/two'))).status).toBe(403)
    await expect(blobs.presign({ ...ask, sizeBytes: sizeBytes + 1 })).rejects.toMatchObject({ code: 'blob/short' })
    await expect(blobs.presign({ ...ask, key: 'acme/none' })).rejects.toMatchObject({ code: 'blob/absent' })
  })

  test('presign() gives a URL that the store refuses once it has expired', async () => {
    const blobs = await open('presigned')
    const { sizeBytes } = await blobs.putBytes({ key: 'acme/brief', bytes: Buffer.from('brief') })
    const ask = { key: 'acme/brief', sizeBytes, fileName: 'brief', mediaType: 'application/zstd', seconds: 1 }
    const url = await blobs.presign(ask)
    await vi.waitFor(async () => expect((await fetch(url)).status).toBe(403), { timeout: 15_000, interval: 100 })
    expect((await fetch(await blobs.presign({ ...ask, seconds: 60 }))).status).toBe(200)
  })

  describe('a setting that is wrong', () => {
    afterEach(() => {
      for (const [name, value] of Object.entries(store.env)) vi.stubEnv(name, value)
    })

    test('an absent bucket and wrong credentials are config/invalid, each with its reason', async () => {
      const absent = store.url().replace(store.bucket, 'absent-bucket')
      await expect(openBlobs(absent)).rejects.toMatchObject({
        code: 'config/invalid',
        message: expect.stringMatching('no such bucket'),
      })
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wrong')
      await expect(openBlobs(store.url())).rejects.toMatchObject({
        code: 'config/invalid',
        message: expect.stringMatching('permission'),
      })
    })

    test('a store that nobody hears is blob/unavailable', async () => {
      const dead = await ObjectStoreProcess.start()
      await dead.stop()
      await expect(openBlobs(dead.url())).rejects.toMatchObject({ code: 'blob/unavailable' })
    })
  })

  test('kill -9 in the midst of an upload leaves nothing visible, and its parts are swept', async () => {
    const child = putting(
      `
      const endless = (async function* () {
        for (let chunk = 0; ; chunk++) {
          yield Buffer.alloc(1048576, chunk)
          if (chunk === 40) console.log('under way')
        }
      })()
      await blobs.putStream({ key: 'acme/uploads/one', stream: endless, maxBytes: 2 ** 36, signal: AbortSignal.timeout(60000) })`,
    )
    const exited = once(child, 'exit')
    await once(child.stdout ?? child, 'data')
    child.kill('SIGKILL')
    await exited
    const blobs = await open('killed')
    expect(await blobs.list('')).toEqual([])
    expect(await blobs.sweepScratch(-60_000)).toBe(1)
  })

  test('an upload of a gibibyte holds a few parts in memory', async () => {
    const child = putting(
      `
      const chunk = Buffer.alloc(1048576, 7)
      const gibibyte = (async function* () { for (let sent = 0; sent < 1024; sent++) yield chunk })()
      const idle = process.memoryUsage().rss
      let peak = 0
      const watch = setInterval(() => { peak = Math.max(peak, process.memoryUsage().rss) }, 20)
      await blobs.putStream({ key: 'acme/uploads/one', stream: gibibyte, maxBytes: 2 ** 36, signal: AbortSignal.timeout(60000) })
      clearInterval(watch)
      console.log(Math.round((peak - idle) / 1048576))`,
    )
    const [aboveIdleMiB] = (await once(child.stdout ?? child, 'data')) as [Buffer]
    expect(Number(aboveIdleMiB)).toBeLessThan(192)
    await (await open('killed')).removeAll('acme/')
  }, 60_000)

  /** A process on the compiled package (set-up compiled it) that puts blobs. */
  function putting(body: string): ChildProcess {
    const module = new URL('../../dist/index.js', import.meta.url).href
    const source = `
      import { openBlobs } from ${JSON.stringify(module)}
      const blobs = await openBlobs(${JSON.stringify(store.url({ prefix: 'killed', scratch }))})
      ${body}
      process.exit(0)`
    const options = {
      stdio: ['ignore', 'pipe', 'inherit'] as ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...store.env },
    }
    return spawn(process.execPath, ['--input-type=module', '--eval', source], options)
  }
})

async function* slices(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000)
}
