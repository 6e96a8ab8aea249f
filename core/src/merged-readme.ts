import type { ExportContent, ExportManifest } from '@stella/contracts'

import type { MergedOf } from './merged-manifest.ts'
import { mirrorReadme, toldEncryption } from './mirror-readme.ts'

/** What the mirror is that a mirror, or a delta, makes. */
export function mirrorOf({ content }: ExportManifest): Pick<ExportContent, 'profile' | 'compression'> {
  return content.delta?.target ?? content
}

/** The text of `README.md` of what is merged: of a mirror that which a run of the same plan writes. */
export function mergedReadme({ base, deltas }: MergedOf): string {
  const last = deltas.at(-1) ?? base
  if (!last) throw new TypeError('nothing was merged')
  const { content, run } = last
  return mirrorReadme({
    profile: (base ? mirrorOf(last) : content).profile.id,
    tenant: run.tenant,
    ledgerRevision: content.ledger_revision,
    ledgerTime: content.ledger_time,
    base: base ? null : (deltas[0]?.content.delta?.base.export_id ?? null),
    encryption: toldEncryption(base ?? last),
  })
}
