import { describe, expect, test } from 'vitest'

import { exportMembers } from './export-members.ts'
import type { ShardOutput } from './shard-output.ts'

function shard(kind: ShardOutput['kind'], name: string, documents: string[] = []): ShardOutput {
  const blob = { key: name, sha256: name, sizeBytes: 10 }
  const packed = documents.map((path, index) => ({ path, offset: index * 5, sizeBytes: 5, sha256: path }))
  return { kind, records: 1, blob, documents: packed, withheld: [] }
}

describe('exportMembers()', () => {
  test('joins the shards of one kind into one file, and leaves its digest open', () => {
    const [member] = exportMembers([shard('advisory', 'one'), shard('advisory', 'two')])
    expect(member).toMatchObject({ path: 'advisories/normalized.jsonl.zst', sizeBytes: 20, sha256: null })
    expect(member?.parts.map(({ blob }) => blob.key)).toEqual(['one', 'two'])
  })

  test('sorts files by path', () => {
    const paths = exportMembers([
      shard('vex', 'v'),
      shard('sbom', 's', ['sboms/b/x', 'sboms/a/x']),
      shard('advisory', 'a'),
    ])
    expect(paths.map(({ path }) => path)).toEqual([
      'advisories/normalized.jsonl.zst',
      'sboms/a/x',
      'sboms/b/x',
      'vex/normalized.jsonl.zst',
    ])
  })

  test('refuses two documents of one path', () => {
    const doubled = [shard('sbom', 's', ['sboms/a/x']), shard('sbom', 't', ['sboms/a/x'])]
    expect(() => exportMembers(doubled)).toThrow(expect.objectContaining({ code: 'record/order' }))
  })
})
