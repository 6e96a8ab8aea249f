import type { WrittenShard } from './write-step.ts'

/** How many records of each kind a shard read, as its output says: those of the first kind, and of the others besides. */
export function readKinds(
  read: readonly Pick<WrittenShard, 'kind' | 'records'>[],
): Pick<WrittenShard, 'kind' | 'records' | 'besides'> {
  const [first = { kind: 'advisory' as const, records: 0 }, ...others] = read
  return { ...first, ...(others.length > 0 ? { besides: others } : {}) }
}
