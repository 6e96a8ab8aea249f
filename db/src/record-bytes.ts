import type { RecordKind } from '@stella/contracts'

const JOIN = ' join public.raw_artifacts a on a.tenant_id = r.tenant_id and a.sha256 = r.artifact_sha256'

/**
 * SQL for the bytes of `records r` in an export, and the join that it needs: bodies, or for SBOMs the documents as received; where an export holds
 * documents besides, both.
 */
export function recordBytes(kind: RecordKind, withDocuments: boolean): { bytes: string; join: string } {
  if (withDocuments) return { bytes: 'octet_length(r.body) + a.size_bytes', join: JOIN }
  if (kind === 'sbom') return { bytes: 'a.size_bytes', join: JOIN }
  return { bytes: 'octet_length(r.body)', join: '' }
}
