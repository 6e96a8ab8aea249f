import { type ExportManifest, mirrorConfig, Problem, type Profile } from '@stella/contracts'

import type { DeltaBase } from './plan.ts'

/**
 * What a delta must know of the export that it is for, by its manifest and the profile of its run.
 * @throws `run/base-unusable` where it is no mirror
 */
export function deltaBase({ content, run }: ExportManifest, profile: Profile): DeltaBase {
  const { mirror, delta } = content
  if (!mirror) throw new Problem('run/base-unusable', `run ${run.id} is no mirror, and cannot be the base of a delta`)
  const target = delta?.target ?? content
  return {
    exportId: run.id,
    contentRoot: delta ? null : content.content_root,
    ledgerRevision: content.ledger_revision,
    ledger: mirror.ledger,
    state: mirror.state,
    stateRoot: mirror.state_root,
    schemas: content.schemas,
    compression: target.compression,
    counts: target.counts,
    profile: target.profile,
    validityDays: mirrorConfig.parse(profile.config.mirror ?? {}).validity_days,
  }
}
