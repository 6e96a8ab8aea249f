import { createHash, randomBytes } from 'node:crypto'
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ReadableStream } from 'node:stream/web'
import { pathToFileURL } from 'node:url'

import { Problem } from '@stella/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Blobs } from './blobs.ts'
import { openBlobs } from './open-blobs.ts'

const MIB = 1024 * 1024
const root = mkdtempSync(join(tmpdir(), 'stella-tags-'))
const folder = join(root, 'acme')
const bytes = randomBytes(17 * MIB + 3)
const known = { sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length }
let blobs: Blobs

beforeAll(async () => {
  blobs = await openBlobs(pathToFileURL(root).href)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** The bytes from `start` to `end`, or the code of the failure and how many bytes came before it. */
async function read(key: string, start = 0, end = bytes.length): Promise<Buffer | [string, number]> {
  const parts: Uint8Array[] = []
  try {
    const stream: ReadableStream<Uint8Array> = await blobs.read({ key, ...known, start, end })
    for await (const part of stream) parts.push(part)
    return Buffer.concat(parts)
  } catch (error) {
    return [error instanceof Problem ? error.code : String(error), Buffer.concat(parts).length]
  }
}

/** True where the bytes from `start` to `end` come as they were stored. (toEqual() takes minutes for as many.) */
async function same(key: string, start = 0, end = bytes.length): Promise<boolean> {
  const found = await read(key, start, end)
  return Buffer.isBuffer(found) && found.equals(bytes.subarray(start, end))
}

test('a part of a large blob whose bytes were changed is never handed out, in any range; other parts are', async () => {
  await blobs.putBytes({ key: 'acme/changed', bytes })
  expect(await same('acme/changed')).toBe(true)
  const changed = Buffer.from(bytes)
  changed.writeUInt8(changed.readUInt8(5 * MIB + 7) ^ 1, 5 * MIB + 7)
  writeFileSync(join(folder, 'changed'), changed)

  expect(await read('acme/changed')).toEqual(['blob/altered', 5 * MIB])
  expect(await read('acme/changed', 5 * MIB + 100, 5 * MIB + 200)).toEqual(['blob/altered', 0])
  const opened = blobs.read({ key: 'acme/changed', ...known, start: 5 * MIB + 100 })
  await expect(opened, 'before a stream is there').rejects.toMatchObject({ code: 'blob/altered' })
  expect(await read('acme/changed', 4 * MIB - 1, 6 * MIB)).toEqual(['blob/altered', MIB + 1])
  expect(await same('acme/changed', 6 * MIB, 9 * MIB + 1)).toBe(true)
  expect(await read('acme/changed', 17 * MIB, 17 * MIB + 3)).toEqual(bytes.subarray(17 * MIB))
})

test.each([
  ['damaged', (file: string) => writeFileSync(file, 'damaged')],
  ['absent', (file: string) => rmSync(file)],
  ["another blob's", (file: string) => copyFileSync(join(folder, '.other.tags'), file)],
])('where its tags are %s, a blob is verified by its digest', async (_, spoil) => {
  await blobs.putBytes({ key: 'acme/other', bytes: randomBytes(17 * MIB + 3) })
  await blobs.putBytes({ key: 'acme/spoiled', bytes })
  spoil(join(folder, '.spoiled.tags'))
  expect(await same('acme/spoiled')).toBe(true)
  const changed = Buffer.from(bytes)
  changed.writeUInt8(changed.readUInt8(0) ^ 1, 0)
  writeFileSync(join(folder, 'spoiled'), changed)
  expect(await read('acme/spoiled')).toEqual(['blob/altered', 17 * MIB])
})

test('tags are no blob, and go with theirs', async () => {
  await blobs.putBytes({ key: 'tags/one', bytes })
  expect(await blobs.list('tags/')).toEqual([{ key: 'tags/one', sizeBytes: bytes.length }])
  expect(readdirSync(join(root, 'tags'))).toEqual(['.one.tags', 'one'])
  await blobs.remove('tags/one')
  expect(readdirSync(join(root, 'tags'))).toEqual([])
})
