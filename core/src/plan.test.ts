import { MAX_SHARDS, SHARD_RANGES } from '@stella/contracts'
import { describe, expect, test } from 'vitest'

import { cutShards, type KindExtent } from './plan.ts'

function extent(kind: KindExtent['kind'], ranges: number): KindExtent {
  const starts = Array.from({ length: ranges }, (_, index) => `key-${String(index).padStart(9, '0')}`)
  return { kind, records: ranges, bytes: ranges, starts }
}

describe('cutShards()', () => {
  test('covers every key once: open at both ends, each range ends where the next begins', () => {
    const ranges = cutShards([extent('advisory', SHARD_RANGES * 2 + 3)]).flatMap((shard) => shard.ranges)
    expect(ranges.at(0)?.from).toBeNull()
    expect(ranges.at(-1)?.to).toBeNull()
    for (const [index, range] of ranges.slice(1).entries()) expect(range.from).toBe(ranges[index]?.to)
  })

  test('puts SHARD_RANGES ranges of lines into a shard, and one of SBOMs', () => {
    const sizes = (kind: KindExtent['kind']) =>
      cutShards([extent(kind, SHARD_RANGES + 1)]).map(({ ranges }) => ranges.length)
    expect(sizes('vex')).toEqual([SHARD_RANGES, 1])
    expect(new Set(sizes('sbom'))).toEqual(new Set([1]))
  })

  test('gives an empty kind of lines an empty file, and no SBOMs no shard', () => {
    expect(cutShards([extent('advisory', 0), extent('sbom', 0)])).toEqual([{ kind: 'advisory', ranges: [] }])
  })

  test('refuses more shards than the limit with plan/too-large', () => {
    expect(() => cutShards([extent('sbom', MAX_SHARDS + 1)])).toThrow(
      expect.objectContaining({ code: 'plan/too-large' }),
    )
  })
})
