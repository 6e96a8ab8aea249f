import { type Filters, MAX_PARTS, Problem, type RecordGroup, type RunCounts, type Sharding } from '@stella/contracts'

/** A part of an export that is too large for one bundle: what it takes, and the bytes that the plan expects, before compression. */
export interface PlannedPart {
  readonly filters: Filters
  readonly records: number
  readonly estimatedBytes: number
}

/** What a scope holds of one group of records. */
export interface GroupExtent {
  readonly group: RecordGroup
  readonly records: number
  readonly bytes: number
}

/** How many records there are of each group, summed; JARs alone are not counted where there is no such group. */
export function countsOf(groups: readonly Pick<GroupExtent, 'group' | 'records'>[]): RunCounts {
  const counts: RunCounts = { advisories: 0, vex: 0, sboms: 0 }
  for (const { group, records } of groups) counts[group] = (counts[group] ?? 0) + records
  return counts
}

/** Records modified within one stretch of time; it ends where the next begins. `from`: RFC 3339 to the millisecond, null for no time at all. */
export interface TimeBucket {
  readonly from: string | null
  readonly records: number
  readonly bytes: number
}

/** Buckets of about a sixteenth of a part let windows come close to its size, and stay few. */
const GRAINS = 16

/** How finely the times of records are told apart to cut parts of `maxBytes`. */
export function grainOf(maxBytes: number): number {
  return Math.max(1, Math.floor(maxBytes / GRAINS))
}

/**
 * An export before it is cut by ecosystem or time: by `kind` a part for every group that holds a record, in the order given; else all of it.
 * @throws `plan/too-large` where `MAX_PARTS` parts of `max_bytes` could not hold it
 */
export function coarseParts(filters: Filters, sharding: Sharding, groups: readonly GroupExtent[]): PlannedPart[] {
  const all = { filters, records: sumOf(groups, 'records'), estimatedBytes: sumOf(groups, 'bytes') }
  requireFew(Math.ceil(all.estimatedBytes / sharding.max_bytes))
  if (sharding.by !== 'kind') return [all]
  return groups
    .filter(({ records }) => records > 0)
    .map(({ group, records, bytes }) => ({ filters: { ...filters, include: [group] }, records, estimatedBytes: bytes }))
}

/**
 * Cuts a part into windows of the time at which records were modified, each as long as its bytes stay within `maxBytes`. Records without
 * a time are a part of their own, the first. A millisecond is never cut: one that holds more than `maxBytes` is a part that is
 * larger, and so are records without a time. Every record is in exactly one of the parts.
 */
export function cutByTime(part: PlannedPart, buckets: readonly TimeBucket[], maxBytes: number): PlannedPart[] {
  const undated = buckets.filter(({ from, records }) => from === null && records > 0)
  const windows = windowsOf(buckets.filter(isDated), maxBytes)
  const dated = windows.map((window, index) => {
    // A single window beside records without a time needs a bound, or it would take these too.
    const isBounded = index > 0 || (windows.length === 1 && undated.length > 0)
    const from = isBounded ? window.from : part.filters.time_from
    const to = windows[index + 1]?.from ?? part.filters.time_to
    return {
      filters: {
        ...part.filters,
        ...(from === undefined ? {} : { time_from: from }),
        ...(to === undefined ? {} : { time_to: to }),
      },
      records: window.records,
      estimatedBytes: window.bytes,
    }
  })
  return [
    ...undated.map(({ records, bytes }) => ({
      filters: { ...part.filters, undated: true as const },
      records,
      estimatedBytes: bytes,
    })),
    ...dated,
  ]
}

/** The parts of an export, as they were cut. @throws `plan/too-large` where they are more than `MAX_PARTS` */
export function requireFewParts(parts: readonly PlannedPart[]): readonly PlannedPart[] {
  requireFew(parts.length)
  return parts
}

interface Window {
  readonly from: string
  records: number
  bytes: number
}

function windowsOf(buckets: readonly Window[], maxBytes: number): Window[] {
  const windows: Window[] = []
  for (const { from, records, bytes } of buckets) {
    const last = windows.at(-1)
    if (last && last.bytes + bytes <= maxBytes) {
      last.records += records
      last.bytes += bytes
    } else windows.push({ from, records, bytes })
  }
  return windows
}

function isDated(bucket: TimeBucket): bucket is TimeBucket & { from: string } {
  return bucket.from !== null
}

function requireFew(parts: number): void {
  if (parts <= MAX_PARTS) return
  throw new Problem(
    'plan/too-large',
    `the export needs ${parts} parts, at most ${MAX_PARTS} are allowed: raise max_bytes of its profile, or narrow its filters`,
  )
}

function sumOf(groups: readonly GroupExtent[], member: 'records' | 'bytes'): number {
  return groups.reduce((sum, group) => sum + group[member], 0)
}
