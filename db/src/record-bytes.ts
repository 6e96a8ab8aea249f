import type { RecordKind } from '@stella/contracts'
import { kindsOf, type Scope } from '@stella/core'

import { scopeCondition } from './scope-conditions.ts'

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

/** SQL for these columns of every one of `records r` that a scope takes, whatever its kind, and `bytes`, those that it has in an export. */
export function sizesQuery(columns: string, scope: Scope, withDocuments: boolean): string {
  const ofKind = (kind: RecordKind) => {
    const { bytes, join } = recordBytes(kind, withDocuments)
    return `select ${columns}, ${bytes} as bytes
from public.records r${join}
where ${scopeCondition(scope, kind)}`
  }
  return kindsOf(scope.filters).map(ofKind).join('\nunion all\n')
}
