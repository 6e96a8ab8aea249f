import { type LineKind, Problem } from '@stella/contracts'

import { inByteOrder } from './byte-order.ts'
import type { BlobRef, ShardOutput } from './shard-output.ts'

/** A stretch of a blob. */
export interface BlobPart {
  readonly blob: BlobRef
  readonly offset: number
  readonly sizeBytes: number
}

/** A data file of an export and where its bytes lie. `sha256` is null where the parts must still be hashed together. */
export interface ExportMember {
  readonly path: string
  readonly sizeBytes: number
  readonly sha256: string | null
  readonly parts: readonly BlobPart[]
}

const linesPath: Readonly<Record<LineKind, string>> = {
  advisory: 'advisories/normalized.jsonl.zst',
  vex: 'vex/normalized.jsonl.zst',
}

/**
 * The data files of an export, sorted by path. JSON lines of one kind are one file: the frames of its shards, in their order
 * (RFC 8878, section 3: frames may be concatenated).
 * @throws `record/order` where two documents claim one path
 */
export function exportMembers(shards: readonly ShardOutput[]): ExportMember[] {
  const unsorted = [
    ...lineMembers(shards, 'advisory'),
    ...lineMembers(shards, 'vex'),
    ...shards.flatMap(documentMembers),
  ]
  const members = inByteOrder(unsorted, ({ path }) => path)

  const doubled = members.find((member, index) => member.path === members[index + 1]?.path)
  if (doubled) throw new Problem('record/order', `two documents of the export claim the path ${doubled.path}`)
  return members
}

function lineMembers(shards: readonly ShardOutput[], kind: LineKind): ExportMember[] {
  const parts = shards
    .filter((shard) => shard.kind === kind && shard.documents.length === 0)
    .map(({ blob }) => ({ blob, offset: 0, sizeBytes: blob.sizeBytes }))
  if (parts.length === 0) return []
  const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0)
  const sha256 = parts.length === 1 ? (parts[0]?.blob.sha256 ?? null) : null
  return [{ path: linesPath[kind], sizeBytes, sha256, parts }]
}

function documentMembers({ blob, documents }: ShardOutput): ExportMember[] {
  return documents.map(({ path, offset, sizeBytes, sha256 }) => ({
    path,
    sizeBytes,
    sha256,
    parts: [{ blob, offset, sizeBytes }],
  }))
}
