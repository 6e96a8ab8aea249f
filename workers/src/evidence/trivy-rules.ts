import { MAX_WITHHELD, TRIVY_SORT_BYTES } from '@stella/contracts'
import type { TrivyOptions } from '@stella/native'

import type { TrivyWork } from './evidence.ts'

/** How a Trivy database is built, wherever its advisories come from. */
export function trivyRules(work: TrivyWork): Omit<TrivyOptions, 'source'> {
  const { plan, mapping, readers, scratch, path, metadata, allowEmpty, oci } = work
  return {
    mapping: mapping.json,
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
