import {
  absentParts,
  type Changes,
  type ExportContent,
  groupOfKind,
  mirrorConfig,
  type RecordGroup,
  type RecordKind,
} from '@stella/contracts'

import { inByteOrder } from './byte-order.ts'
import { canonicalJson } from './canonical-json.ts'
import type { DeltaBase, Plan } from './plan.ts'
import type { ShardOutput } from './shard-output.ts'

const DAY_MS = 86_400_000

/** What the manifest of a mirror or a delta says besides; nothing for any other export. */
export function mirrorContent(plan: Plan, shards: readonly ShardOutput[]): Pick<ExportContent, 'mirror' | 'delta'> {
  const written = shards.find(({ mirror }) => mirror !== undefined)?.mirror
  if (!written) return {}
  const days = plan.base?.validityDays ?? mirrorConfig.parse(plan.profile.config.mirror ?? {}).validity_days
  return {
    mirror: {
      ledger: written.ledger,
      generation: plan.scope.ledgerRevision,
      valid_until: new Date(Date.parse(plan.ledgerTime) + days * DAY_MS).toISOString().replace('.000Z', 'Z'),
      state: written.state,
      state_root: written.stateRoot,
      absent: [...absentParts],
    },
    ...(plan.base && written.delta ? { delta: deltaContent(plan.base, written.delta) } : {}),
  }
}

/** What a delta does to the records of each kind, and what it no longer keeps back. */
export type WrittenDelta = NonNullable<NonNullable<ShardOutput['mirror']>['delta']>

function deltaContent(base: DeltaBase, { changes, noLongerWithheld }: WrittenDelta): ExportContent['delta'] {
  return {
    base: {
      export_id: base.exportId,
      content_root: base.contentRoot,
      ledger_revision: base.ledgerRevision,
      state_root: base.stateRoot,
    },
    changes: byGroup(changes),
    target: { profile: base.profile, compression: base.compression, counts: countsAfter(base, byGroup(changes)) },
    no_longer_withheld: inByteOrder(noLongerWithheld, (entry) => canonicalJson({ ...entry })),
  }
}

type ByGroup = Partial<Record<RecordGroup, Changes>>

function byGroup(changes: readonly (Changes & { readonly kind: RecordKind })[]): ByGroup {
  return Object.fromEntries(changes.map(({ kind, ...counted }) => [groupOfKind[kind], counted]))
}

function countsAfter({ counts }: DeltaBase, changes: ByGroup): ExportContent['counts'] {
  const after = (group: 'advisories' | 'vex' | 'sboms') =>
    counts[group] + (changes[group]?.added ?? 0) - (changes[group]?.removed ?? 0)
  return { advisories: after('advisories'), vex: after('vex'), sboms: after('sboms') }
}
