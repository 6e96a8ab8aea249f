import { RANGE_RECORDS, type RecordKind, SHARD_DOCUMENTS } from '@stella/contracts'

/** Records in one range of a kind. */
export function rangeRecordsOf(kind: RecordKind): number {
  return kind === 'sbom' ? SHARD_DOCUMENTS : RANGE_RECORDS
}
