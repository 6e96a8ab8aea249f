import { createHash, randomBytes } from 'node:crypto'

import fc from 'fast-check'
import { expect, test } from 'vitest'

import { BlockTags } from './block-tags.ts'

const BLOCK = 64

function tagged(bytes: Buffer): BlockTags {
  const tags = BlockTags.begin(BLOCK)
  for (let at = 0; at < bytes.length; at += BLOCK) tags.add(bytes.subarray(at, at + BLOCK))
  return tags.finish({ sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') })
}

test('BlockTags matches each block in its place, and no changed, moved or shortened one', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 1000 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (array, at, flip) => {
        const bytes = Buffer.from(array)
        const tags = BlockTags.decode(tagged(bytes).encode(), BLOCK)
        const blocks = Array.from({ length: Math.ceil(bytes.length / BLOCK) }, (_, number) =>
          bytes.subarray(number * BLOCK, (number + 1) * BLOCK),
        )
        expect(blocks.every((block, number) => tags?.matches(block, number))).toBe(true)
        const number = at % blocks.length
        const changed = Buffer.from(blocks[number] ?? [])
        expect(tags?.matches(changed.subarray(1), number)).toBe(false)
        expect(tags?.matches(changed, number + 1)).toBe(false)
        changed.writeUInt8(changed.readUInt8(at % changed.length) ^ flip, at % changed.length)
        expect(tags?.matches(changed, number)).toBe(false)
      },
    ),
  )
})

test('BlockTags.decode() refuses what was damaged, and blocks of another size', () => {
  const bytes = tagged(randomBytes(1000)).encode()
  expect(BlockTags.decode(bytes, BLOCK)?.blob.sizeBytes).toBe(1000)
  expect(BlockTags.decode(bytes, BLOCK * 2)).toBe(null)
  expect(BlockTags.decode(Buffer.alloc(0), BLOCK)).toBe(null)
  for (let at = 0; at < bytes.length; at += 7) {
    const damaged = Buffer.from(bytes)
    damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at)
    expect(BlockTags.decode(damaged, BLOCK)).toBe(null)
  }
})
