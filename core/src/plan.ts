import {
  type ExportContent,
  type Filters,
  MAX_SHARDS,
  Problem,
  type Profile,
  type RecordKind,
  type RunCounts,
  SHARD_RANGES,
} from '@stella/contracts'

import type { PlannedPart } from './parts.ts'

/** What an export reads: the records of one tenant, as of one revision, that pass the filters. */
export interface Scope {
  readonly tenantId: string
  readonly ledgerRevision: number
  readonly filters: Filters
}

/** Consecutive record keys: `from` inclusive, `to` exclusive, null for no bound. */
export interface KeyRange {
  readonly from: string | null
  readonly to: string | null
}

/** Ranges of one kind of record. */
export interface KindRanges {
  readonly kind: RecordKind
  readonly ranges: readonly KeyRange[]
}

/** What one job writes: some ranges of one kind of record. */
export interface Shard extends KindRanges {
  /** The other kinds that a database is made of. */
  readonly besides?: readonly KindRanges[]
}

/** The mirror that a delta is for. */
export interface DeltaBase {
  readonly exportId: string
  /** Null where it is made by a delta. */
  readonly contentRoot: string | null
  readonly ledgerRevision: number
  readonly ledger: string
  readonly state: string
  readonly stateRoot: string
  readonly schemas: Readonly<Record<string, string>>
  readonly compression: ExportContent['compression']
  readonly counts: RunCounts
  /** Of the mirror, as its manifest names it, and how long it counts as new. */
  readonly profile: ExportContent['profile']
  readonly validityDays: number
}

/** All that the steps after planning depend on. */
export interface Plan {
  readonly id: string
  readonly scope: Scope
  /** Time of the ledger revision, RFC 3339 in UTC, whole seconds. */
  readonly ledgerTime: string
  /** The ledger that is read where it is another installation's: its id, whatever its address. */
  readonly evidence?: string
  readonly profile: Profile
  readonly counts: RunCounts
  readonly estimatedBytes: number
  /** Empty where the export comes in parts: each has a plan of its own. */
  readonly shards: readonly Shard[]
  /** Of a delta: what it is for. */
  readonly base?: DeltaBase
  /** The parts of an export that is too large for one bundle; absent for any other. */
  readonly parts?: readonly PlannedPart[]
}

/** What the ledger holds of one kind within a scope. `starts` are the keys at which its ranges begin, in byte order. */
export interface KindExtent {
  readonly kind: RecordKind
  readonly records: number
  readonly bytes: number
  readonly starts: readonly string[]
}

/**
 * Cuts the records of each kind into ranges and these into shards. Depends on keys alone, so equal content gives equal shards.
 * @throws `plan/too-large` where the shards exceed `MAX_SHARDS`
 */
export function cutShards(extents: readonly KindExtent[]): Shard[] {
  const shards = extents.flatMap(({ kind, starts }) => {
    const ranges = rangesOf(starts)
    // A group of JSON lines that is asked for is a file, though it hold no line; SBOMs are files of their own.
    if (ranges.length === 0) return kind === 'sbom' ? [] : [{ kind, ranges: [] }]
    return inGroups(ranges, kind === 'sbom' ? 1 : SHARD_RANGES).map((group) => ({ kind, ranges: group }))
  })
  if (shards.length > MAX_SHARDS) {
    throw new Problem(
      'plan/too-large',
      `the export needs ${shards.length} shards, at most ${MAX_SHARDS} are allowed: narrow its filters`,
    )
  }
  return shards
}

/**
 * The one shard of a database: it is built whole.
 * @throws `plan/too-large` where it has more ranges than `MAX_SHARDS` full shards would
 */
export function wholeShard(extents: readonly KindExtent[]): Shard[] {
  const all = extents.map(({ kind, starts }): KindRanges => ({ kind, ranges: rangesOf(starts) }))
  if (all.reduce((sum, { ranges }) => sum + ranges.length, 0) > MAX_SHARDS * SHARD_RANGES) {
    throw new Problem('plan/too-large', 'the database is made of too many records for one job: narrow its filters')
  }
  const [first, ...besides] = all
  return first ? [{ ...first, ...(besides.length > 0 ? { besides } : {}) }] : []
}

function rangesOf(starts: readonly string[]): KeyRange[] {
  return starts.map((start, index) => ({ from: index === 0 ? null : start, to: starts[index + 1] ?? null }))
}

function inGroups<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, group) =>
    items.slice(group * size, (group + 1) * size),
  )
}
