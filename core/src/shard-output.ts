import type { Changes, RecordKind, Withheld } from '@stella/contracts'

/** Bytes in the blob store, by what identifies them. */
export interface BlobRef {
  readonly key: string
  readonly sha256: string
  readonly sizeBytes: number
}

/** A file inside what a shard of SBOMs, or of a database, wrote. */
export interface PackedDocument {
  readonly path: string
  readonly offset: number
  readonly sizeBytes: number
  readonly sha256: string
}

/** What one shard wrote: zstd frames of JSON lines, or files one behind the other. */
export interface ShardOutput {
  readonly kind: RecordKind
  readonly records: number
  /** Of a database that is made of several kinds of record: the other kinds, and how many of each were read. */
  readonly besides?: readonly { readonly kind: RecordKind; readonly records: number }[]
  readonly blob: BlobRef
  /** Empty for JSON lines. */
  readonly documents: readonly PackedDocument[]
  readonly withheld: readonly Withheld[]
  /** Of a mirror: the ledger that was read, and the digest of all that it holds. */
  readonly mirror?: {
    readonly ledger: string
    readonly state: string
    readonly stateRoot: string
    readonly delta?: {
      readonly changes: readonly (Changes & { readonly kind: RecordKind })[]
      readonly noLongerWithheld: readonly Withheld[]
    }
  }
}
