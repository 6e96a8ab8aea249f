import { createHash, randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReadableStream } from 'node:stream/web'

import { Problem } from '@stella/contracts'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { BlobDigest, Blobs } from './blobs.ts'

const MIB = 1024 * 1024

/** An empty store under test. `damage` replaces what is stored under a key, behind the driver's back. */
export interface BlobsUnderTest {
  readonly blobs: Blobs
  damage(key: string, bytes: Uint8Array): Promise<void>
  close(): Promise<void>
}

/** What every driver of blobs must do. */
export function blobsSuite(driver: string, open: () => Promise<BlobsUnderTest>): void {
  describe(driver, () => {
    let store: BlobsUnderTest
    let blobs: Blobs
    beforeAll(async () => {
      store = await open()
      blobs = store.blobs
    })
    afterAll(() => store.close())
    puts(() => blobs)
    filePuts(() => blobs)
    streamPuts(() => blobs)
    reads(() => store)
    lists(() => blobs)
    scratches(() => blobs)
  })
}

function puts(blobs: () => Blobs): void {
  test('putBytes() returns size and digest, and readBytes() the same bytes', async () => {
    const bytes = randomBytes(3 * MIB + 17)
    const digest = await blobs().putBytes({ key: 'acme/uploads/one', bytes })
    expect(digest).toEqual(digestOf(bytes))
    expect((await whole(blobs(), 'acme/uploads/one', digest)).equals(bytes)).toBe(true)
  })

  test('a put replaces the bytes of a key that is not sealed', async () => {
    await blobs().putBytes({ key: 'acme/uploads/again', bytes: Buffer.from('first') })
    const digest = await blobs().putBytes({ key: 'acme/uploads/again', bytes: Buffer.from('second') })
    expect((await whole(blobs(), 'acme/uploads/again', digest)).toString()).toBe('second')
  })

  test('a sealed key takes the bytes of its digest alone', async () => {
    const bytes = Buffer.from('sealed')
    const key = `acme/sha256/${digestOf(bytes).sha256}`
    await expect(blobs().putBytes({ key, bytes: Buffer.from('others') })).rejects.toMatchObject(problem('blob/altered'))
    expect(await blobs().exists(key)).toBe(false)
    await blobs().putBytes({ key, bytes })
    await blobs().putBytes({ key, bytes })
    expect((await whole(blobs(), key, digestOf(bytes))).equals(bytes)).toBe(true)
  })

  test('one key may be put many times at once', async () => {
    const bytes = randomBytes(MIB)
    const key = `acme/sha256/${digestOf(bytes).sha256}`
    await Promise.all(Array.from({ length: 16 }, () => blobs().putBytes({ key, bytes })))
    expect((await whole(blobs(), key, digestOf(bytes))).equals(bytes)).toBe(true)
  })

  test.each(['', '/', 'a//b', '../a', 'a/../b', 'a/.hidden', '/a', 'a/', 'a b', 'a\\b', 'a\0', 'é', 'a'.repeat(1025)])(
    'the key %j is refused',
    async (key) => {
      await expect(blobs().putBytes({ key, bytes: Buffer.alloc(0) })).rejects.toMatchObject(problem('request/invalid'))
      await expect(blobs().exists(key)).rejects.toMatchObject(problem('request/invalid'))
    },
  )
}

function filePuts(blobs: () => Blobs): void {
  test('putFile() copies or moves a file of the announced size and digest, and refuses others', async () => {
    const scratch = await blobs().scratch()
    const file = join(scratch.directory, 'part')
    const bytes = randomBytes(2 * MIB + 1)
    const { sha256, sizeBytes } = digestOf(bytes)
    await writeFile(file, bytes)
    const put = (other: object) => blobs().putFile({ key: 'acme/staging/run/0', file, sha256, sizeBytes, ...other })

    await expect(put({ sizeBytes: sizeBytes + 1 })).rejects.toMatchObject(problem('blob/short'))
    await expect(put({ sizeBytes: sizeBytes - 1 })).rejects.toMatchObject(problem('blob/long'))
    await expect(put({ sha256: '0'.repeat(64) })).rejects.toMatchObject(problem('blob/altered'))
    expect(await blobs().exists('acme/staging/run/0')).toBe(false)

    await put({})
    await put({})
    expect((await whole(blobs(), 'acme/staging/run/0', { sha256, sizeBytes })).equals(bytes)).toBe(true)
    await put({ key: 'acme/staging/run/1', move: true })
    expect((await whole(blobs(), 'acme/staging/run/1', { sha256, sizeBytes })).equals(bytes)).toBe(true)
    await expect(put({ key: 'acme/staging/run/2' })).rejects.toMatchObject(problem('blob/absent'))
    await scratch.dispose()
  })
}

function streamPuts(blobs: () => Blobs): void {
  test('putStream() over its limit, failing or aborted leaves nothing behind', async () => {
    const key = 'acme/uploads/stream'
    const signal = new AbortController().signal
    const put = (stream: AsyncIterable<Uint8Array>) => blobs().putStream({ key, stream, maxBytes: 10, signal })
    await expect(put(chunks('12345', '67890', '1'))).rejects.toMatchObject(problem('request/too-large'))
    await expect(put(failing())).rejects.toThrow('the sender went away')
    expect(await blobs().exists(key)).toBe(false)

    const stop = new AbortController()
    const endless = blobs().putStream({ key, stream: stalled(() => stop.abort()), maxBytes: MIB, signal: stop.signal })
    await expect(endless).rejects.toMatchObject({ name: 'AbortError' })
    expect(await blobs().exists(key)).toBe(false)
    expect(await blobs().sweepScratch(-MIB)).toBe(0)

    expect(await put(chunks('12345', '67890'))).toEqual(digestOf(Buffer.from('1234567890')))
  })
}

function reads(store: () => BlobsUnderTest): void {
  test('read() serves any range, the same bytes as a slice', async () => {
    const { blobs } = store()
    const bytes = randomBytes(2 * MIB + 5)
    const { sizeBytes } = await blobs.putBytes({ key: 'acme/uploads/ranges', bytes })
    const bound = fc.integer({ min: 0, max: sizeBytes })
    await fc.assert(
      fc.asyncProperty(bound, bound, async (a, b) => {
        const [start, end] = a < b ? [a, b] : [b, a]
        const stream = await blobs.read({ key: 'acme/uploads/ranges', sizeBytes, start, end })
        expect((await collect(stream)).equals(bytes.subarray(start, end))).toBe(true)
      }),
      { numRuns: 30 },
    )
    const beyond = blobs.read({ key: 'acme/uploads/ranges', sizeBytes, start: 0, end: sizeBytes + 1 })
    await expect(beyond).rejects.toMatchObject(problem('range/unsatisfiable'))
  })

  test('an empty blob reads as no bytes', async () => {
    const { blobs } = store()
    const digest = await blobs.putBytes({ key: 'acme/uploads/empty', bytes: Buffer.alloc(0) })
    expect(await collect(await blobs.read({ key: 'acme/uploads/empty', ...digest }))).toEqual(Buffer.alloc(0))
  })

  test('read() hands out no more than its reader asks for', async () => {
    const { blobs } = store()
    const digest = await blobs.putBytes({ key: 'acme/uploads/slow', bytes: Buffer.alloc(8 * MIB) })
    const reader = (await blobs.read({ key: 'acme/uploads/slow', ...digest })).getReader()
    const first = await reader.read()
    expect(first.value?.byteLength).toBe(MIB)
    await reader.cancel()
  })

  test('absent, short, long and altered blobs are four different failures', async () => {
    const { blobs, damage } = store()
    const bytes = randomBytes(2 * MIB)
    const key = `acme/sha256/${digestOf(bytes).sha256}`
    const expected = digestOf(bytes)
    const failures = async () => {
      const codes = []
      codes.push(await codeOf(blobs.read({ key, ...expected }).then(collect)))
      codes.push(await codeOf(blobs.read({ key, sizeBytes: expected.sizeBytes }).then(collect)))
      codes.push(await codeOf(blobs.readBytes({ key, maxBytes: 4 * MIB, expected })))
      return [...new Set(codes)]
    }
    expect(await failures()).toEqual(['blob/absent'])
    await blobs.putBytes({ key, bytes })
    expect(await failures()).toEqual(['read'])
    await damage(key, bytes.subarray(1))
    expect(await failures()).toEqual(['blob/short'])
    const into = await blobs.scratch()
    await expect(blobs.localFile({ key, ...expected }, into)).rejects.toMatchObject(problem('blob/short'))
    await into.dispose()
    await damage(key, Buffer.concat([bytes, Buffer.from('!')]))
    expect(await failures()).toEqual(['blob/long'])
    await damage(key, flipped(bytes))
    expect(await failures()).toEqual(['blob/altered'])

    await blobs.putBytes({ key, bytes }) // The right bytes heal a damaged sealed blob.
    expect(await failures()).toEqual(['read'])
  })

  test('readBytes() refuses what exceeds its limit; localFile() names a file of the bytes', async () => {
    const { blobs } = store()
    const expected = await blobs.putBytes({ key: 'acme/uploads/small', bytes: Buffer.from('small') })
    const read = blobs.readBytes({ key: 'acme/uploads/small', maxBytes: 4, expected })
    await expect(read).rejects.toMatchObject(problem('request/too-large'))
    const into = await blobs.scratch()
    const file = await blobs.localFile({ key: 'acme/uploads/small', ...expected }, into)
    expect(await readFile(file, 'utf8')).toBe('small')
    expect(await blobs.localFile({ key: 'acme/uploads/small', ...expected }, into)).toBe(file)
    await into.dispose()
    expect(await blobs.exists('acme/uploads/small')).toBe(true)
  })
}

function lists(blobs: () => Blobs): void {
  test('list() pages in the byte order of whole keys, removeAll() removes a prefix and nothing else', async () => {
    const names = ['a', 'a-b/x', 'a.b', 'a/b', 'a/c/d', 'a0', 'b/~z', 'b/Z', 'b/z']
    const keys = names.filter((name) => name !== 'a').map((name) => `tmp/list/${name}`)
    for (const key of keys) await blobs().putBytes({ key, bytes: Buffer.from(key) })
    const sorted = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))

    const paged: string[] = []
    for (;;) {
      const page = await blobs().list('tmp/list/', { limit: 3, after: paged.at(-1) ?? '' })
      paged.push(...page.map(({ key }) => key))
      if (page.length < 3) break
    }
    expect(paged).toEqual(sorted)
    expect((await blobs().list('tmp/'))[0]?.sizeBytes).toBe(sorted[0]?.length)

    await blobs().removeAll('tmp/list/a/')
    const left = sorted.filter((key) => !key.startsWith('tmp/list/a/'))
    expect((await blobs().list('tmp/')).map(({ key }) => key)).toEqual(left)
    await blobs().remove('tmp/list/a0')
    await blobs().remove('tmp/list/a0')
    expect(await blobs().exists('tmp/list/a0')).toBe(false)
    await blobs().removeAll('tmp/')
    await blobs().removeAll('tmp/')
    expect(await blobs().list('tmp/')).toEqual([])
    await expect(blobs().removeAll('')).rejects.toMatchObject(problem('request/invalid'))
  })
}

function scratches(blobs: () => Blobs): void {
  test('sweepScratch() removes what is old, and spares what was touched since', async () => {
    const scratch = await blobs().scratch()
    await writeFile(join(scratch.directory, 'file'), 'temporary')
    expect(await blobs().sweepScratch(60_000)).toBe(0)
    expect(await readFile(join(scratch.directory, 'file'), 'utf8')).toBe('temporary')
    expect(await blobs().sweepScratch(-60_000)).toBe(1)
    await scratch.dispose()
    await blobs().check()
  })
}

function digestOf(bytes: Uint8Array): BlobDigest {
  return { sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.byteLength }
}

function problem(code: string): object {
  return { name: 'Problem', code }
}

async function codeOf(reading: Promise<unknown>): Promise<string> {
  return reading.then(
    () => 'read',
    (error: unknown) => (error instanceof Problem ? error.code : String(error)),
  )
}

async function whole(blobs: Blobs, key: string, digest: BlobDigest): Promise<Buffer> {
  return collect(await blobs.read({ key, ...digest }))
}

async function collect(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt8(copy.readUInt8(copy.length - 1) ^ 1, copy.length - 1)
  return copy
}

async function* chunks(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part)
}

async function* failing(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('12345')
  throw new Error('the sender went away')
}

/** Sends some bytes, calls back, and then never sends nor ends. */
async function* stalled(then: () => void): AsyncGenerator<Uint8Array> {
  yield Buffer.from('12345')
  then()
  await new Promise(() => undefined)
}
