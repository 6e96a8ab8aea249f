import { MAX_WITHHELD, MIRROR_SORT_BYTES, Problem } from '@stella/contracts'
import type { DatabaseConnection } from '@stella/core'
import { changeExtent, changeQueries, type LedgerState, ledgerState, mirrorQuery } from '@stella/db'
import { writeDelta, writeMirror } from '@stella/native'

import type { WorkerDeps } from '../deps.ts'
import type { ChangesSurvey, DeltaWork, Evidence, MirrorWork } from './evidence.ts'

/** What of the own ledger mirrors and deltas are made of. */
export function databaseMirror(
  { inTenant }: Pick<WorkerDeps, 'inTenant'>,
  connection: DatabaseConnection,
): Pick<Evidence, 'surveyChanges' | 'writeMirror' | 'writeDelta'> {
  // That of the revision that is read: a delta for the mirror of an empty ledger is of the ledger that came to be.
  const ledgerOf = async ({ tenantId, ledgerRevision: revision }: MirrorWork['plan']['scope']) => {
    const state = await inTenant(tenantId, (tx) => ledgerState(tx, { tenantId, revision }))
    if (!state) throw new Problem('ledger/changed', `the ledger has no revision ${revision}`)
    return state.ledger
  }
  return {
    surveyChanges: ({ tenantId, filters, kinds, base }) =>
      inTenant(tenantId, async (tx) => {
        const head = await ledgerState(tx, { tenantId, revision: null })
        requireSameLedger(head, base)
        const { revision, time } = head
        const scope = { tenantId, ledgerRevision: revision, filters }
        const extents: ChangesSurvey['extents'][number][] = []
        for (const kind of kinds) {
          const changed = { scope, baseRevision: base.ledgerRevision, kind }
          extents.push({ kind, ...(await changeExtent(tx, changed)) })
        }
        return { revision, time, extents }
      }),
    async writeMirror(work, signal) {
      const { plan, sources, readers } = work
      const { tenantId } = plan.scope
      const ledger = await ledgerOf(plan.scope)
      const read = sources.map(({ kind, ranges, mapping }) => {
        const queries = ranges.map((range) => mirrorQuery(plan.scope, kind, range))
        return { kind, mapping: mapping.json, queries }
      })
      const rules = { readers, maxWithheld: MAX_WITHHELD, file: fileOf(work) }
      const written = await writeMirror({ connection, tenantId, sources: read, ...rules }, signal)
      return { ...written, ledger }
    },
    async writeDelta(work, signal) {
      const { base, sources } = work
      const { scope } = work.plan
      const ledger = await ledgerOf(scope)
      const read = sources.map(({ kind, mapping }) => {
        const queries = changeQueries({ scope, baseRevision: base.ledgerRevision }, kind)
        return { kind, mapping: mapping.json, ...queries }
      })
      const rules = { state: base.state, maxWithheld: MAX_WITHHELD, file: fileOf(work) }
      const written = await writeDelta({ connection, tenantId: scope.tenantId, sources: read, ...rules }, signal)
      return { ...written, ledger }
    },
  }
}

function fileOf({ plan, readers: threads, scratch, path, texts }: MirrorWork | DeltaWork) {
  const { level } = plan.profile.config.compression
  return { path, texts: [...texts], scratch, memoryBytes: MIRROR_SORT_BYTES, threads, level }
}

function requireSameLedger(
  head: LedgerState | null,
  base: { readonly exportId: string; readonly ledger: string; readonly ledgerRevision: number },
): asserts head is LedgerState {
  // An empty ledger is the beginning of any.
  const isSame = head !== null && (base.ledger === head.ledger || base.ledgerRevision === 0)
  if (isSame && head.revision >= base.ledgerRevision) return
  const reason = 'it is of another ledger than there is now: make a mirror anew'
  throw new Problem('run/base-unusable', `run ${base.exportId} cannot be the base of a delta: ${reason}`)
}
