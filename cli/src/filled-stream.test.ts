import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'

import { expect, test } from 'vitest'

import { filledStream } from './filled-stream.ts'

test('filledStream() gives every byte, whatever stands before the first', async () => {
  const stream = await filledStream(Readable.from(['', 'ab', '', 'c'].map((text) => Buffer.from(text))))
  expect(String(await buffer(stream ?? Readable.from([])))).toBe('abc')
})

test('filledStream() is null where there is none', async () => {
  expect(await filledStream(Readable.from([]))).toBeNull()
  expect(await filledStream(Readable.from([Buffer.alloc(0)]))).toBeNull()
})

test('filledStream() ends its source where the reader leaves', async () => {
  const source = Readable.from([Buffer.from('a'), Buffer.from('b')])
  for await (const _ of (await filledStream(source)) ?? []) break
  expect(source.destroyed).toBe(true)
})
