import { MAX_WITHHELD, TRIVY_SORT_BYTES } from '@stella/contracts'
import type { DatabaseOptions } from '@stella/native'

import type { DatabaseWork } from './evidence.ts'

/** How a database is built, wherever its records come from. */
export function databaseRules(work: DatabaseWork): Omit<DatabaseOptions, 'connection' | 'sources'> {
  const { plan, readers, scratch, path, metadata, allowEmpty, oci } = work
  return {
    tenantId: plan.scope.tenantId,
    readers,
    maxWithheld: MAX_WITHHELD,
    memoryBytes: TRIVY_SORT_BYTES,
    scratch,
    metadata,
    mtime: Date.parse(plan.ledgerTime) / 1000,
    allowEmpty,
    oci,
    level: plan.profile.config.compression.level,
    path,
  }
}
