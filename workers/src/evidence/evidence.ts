import type { Coverage, Filters, LineKind, RecordKind } from '@stella/contracts'
import type {
  DeltaBase,
  EcosystemExtent,
  GroupExtent,
  IngestInput,
  KeyRange,
  KindExtent,
  KindRanges,
  Plan,
  TimeBucket,
} from '@stella/core'
import type { BucketQuery, EcosystemQuery } from '@stella/db'
import type {
  DatabaseOptions,
  WrittenDatabase,
  WrittenDelta,
  WrittenJsonLines,
  WrittenMirror,
  WrittenPack,
} from '@stella/native'

import type { Mapping } from '../deps.ts'

/** What a plan is made of: the state of a ledger, and how much the filters take of each kind. */
export interface Survey {
  /** Which ledger, where it is another installation's. */
  readonly ledger: string | null
  readonly revision: number
  /** When the revision was made, RFC 3339 in UTC, whole seconds. */
  readonly time: string
  readonly extents: readonly (KindExtent & GroupExtent)[]
}

/** What to survey: the newest state of a ledger, or where `as` is given, the state that this plan was made of. */
export interface SurveyRequest {
  readonly tenantId: string
  readonly filters: Filters
  /** Whether the export holds the documents of records besides. */
  readonly withDocuments: boolean
  readonly as: Plan | null
}

/** Some ranges of one kind to write into a file. */
export interface LinesWork {
  readonly plan: Plan
  readonly kind: LineKind
  readonly ranges: readonly KeyRange[]
  readonly mapping: Mapping
  readonly readers: number
  /** Folder for what is fetched, removed afterwards by its owner. */
  readonly scratch: string
  /** The file, created or emptied. */
  readonly path: string
}

/** A range of SBOMs to pack into a file. */
export type DocumentsWork = Pick<LinesWork, 'plan' | 'scratch' | 'path'> & { readonly range: KeyRange }

/** Records of one kind that a database, or a mirror, is made of. */
export interface DatabaseSource extends KindRanges {
  readonly mapping: Mapping
}

/** Records to make a database for Trivy of: the vulnerabilities of advisories, or the Java DB of SBOMs and JARs. */
export type DatabaseWork = Omit<LinesWork, 'kind' | 'ranges' | 'mapping'> &
  Pick<DatabaseOptions, 'metadata' | 'allowEmpty' | 'oci'> & { readonly sources: readonly DatabaseSource[] }

/** A file of a mirror that is given. */
export interface MirrorText {
  readonly path: string
  readonly content: string
}

/** What to survey of a ledger for a delta. */
export interface ChangesRequest {
  readonly tenantId: string
  readonly filters: Filters
  readonly kinds: readonly RecordKind[]
  readonly base: DeltaBase
}

/** The newest state of a ledger, and what has come since an earlier one. */
export interface ChangesSurvey {
  readonly revision: number
  readonly time: string
  readonly extents: readonly { readonly kind: RecordKind; readonly records: number; readonly bytes: number }[]
}

/** Records that a delta is made of. */
export type DeltaWork = Omit<LinesWork, 'kind' | 'ranges' | 'mapping'> & {
  readonly base: DeltaBase
  readonly sources: readonly Omit<DatabaseSource, 'ranges'>[]
  readonly texts: readonly MirrorText[]
}

/** Records and documents that a mirror is made of. */
export type MirrorWork = Omit<LinesWork, 'kind' | 'ranges' | 'mapping'> & {
  readonly sources: readonly DatabaseSource[]
  readonly texts: readonly MirrorText[]
}

/**
 * Where runs read evidence: the own database, or another installation's ledger. Equal ledgers give equal answers and equal bytes.
 * @throws `evidence/other-ledger` for a plan that was made from another place, and what the driver names
 */
export interface Evidence {
  survey(asked: SurveyRequest): Promise<Survey>
  /** Where the bytes of a scope lie in time, as of a survey. */
  times(query: BucketQuery, survey: Survey): Promise<readonly TimeBucket[]>
  /** How much of a scope is of which ecosystem, as of a survey. */
  ecosystems(query: EcosystemQuery, survey: Survey): Promise<readonly EcosystemExtent[]>
  /** What each source, and each of the latest batches, gave to a plan. */
  sources(plan: Plan): Promise<{ coverage: Coverage[]; inputs: IngestInput[]; omitted: number }>
  writeLines(work: LinesWork, signal: AbortSignal): Promise<WrittenJsonLines>
  writeDocuments(work: DocumentsWork, signal: AbortSignal): Promise<WrittenPack>
  writeDatabase(work: DatabaseWork, signal: AbortSignal): Promise<WrittenDatabase>
  /** @throws `run/base-unusable` where the base is of another ledger, or of a later revision */
  surveyChanges(asked: ChangesRequest): Promise<ChangesSurvey>
  writeDelta(work: DeltaWork, signal: AbortSignal): Promise<WrittenDelta & { readonly ledger: string }>
  /** With the ledger that was read. @throws `config/invalid` where documents cannot be read */
  writeMirror(work: MirrorWork, signal: AbortSignal): Promise<WrittenMirror & { readonly ledger: string }>
}
