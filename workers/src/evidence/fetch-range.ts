import { groupOfKind, type RecordKind } from '@stella/contracts'
import type { KeyRange, Plan } from '@stella/core'

import { invalidEvidence } from './evidence-problem.ts'
import { type LedgerClient, withAttempts } from './ledger-client.ts'
import { rangeRecordsOf } from './range-records.ts'
import { type LineSink, RecordLines } from './record-lines.ts'

/** A range of one kind of record to fetch, and what its lines are handed to. */
export interface RangeFetch {
  readonly plan: Plan
  readonly kind: RecordKind
  readonly range: KeyRange
  readonly sink: LineSink
}

/**
 * Fetches the lines of a range, in order, each once: a stream that was cut is gone on with after its last whole line. The records
 * themselves are judged by what they are handed to.
 * @throws `evidence/invalid` for a stream without its end, with other numbers or of another ledger · `evidence/other-ledger` ·
 * `evidence/unavailable` · `evidence/denied` · `native/cancelled`
 */
export async function fetchRange(
  client: LedgerClient,
  { plan, kind, range, sink }: RangeFetch,
  signal: AbortSignal,
): Promise<void> {
  const { tenantId, ledgerRevision: revision, filters } = plan.scope
  const most = plannedRecords(plan, kind, range)
  const asked = { group: groupOfKind[kind], revision, filters, ...boundsOf(range) }
  let records = 0
  let after: string | null = null

  await withAttempts(async () => {
    const lines: RecordLines = new RecordLines(sink)
    try {
      const body = { ...asked, ...(after === null ? {} : { after }) }
      for await (const chunk of client.read({ tenantId, path: '/ledger/records', body }, signal)) {
        await lines.push(chunk)
        if (records + lines.records > most) throw invalidEvidence('a range holds more records than were planned')
      }
      requireEnd(lines, plan)
    } finally {
      records += lines.records
      after = lines.lastKey() ?? after
    }
  }, signal)
  if (records !== most) {
    throw invalidEvidence(`a range holds ${records} records, which is not what was planned`)
  }
}

/** Every range but the last of a plan is full. */
function plannedRecords({ counts }: Plan, kind: RecordKind, range: KeyRange): number {
  const full = rangeRecordsOf(kind)
  const all = counts[groupOfKind[kind]] ?? 0
  return range.to === null ? all - full * (Math.ceil(all / full) - 1) : full
}

function requireEnd(lines: RecordLines, { evidence, scope }: Plan): void {
  const end = lines.end()
  if (end.ledger !== evidence || end.revision !== scope.ledgerRevision) {
    throw invalidEvidence('its stream is of another ledger or revision than the plan')
  }
  if (end.next_cursor !== null) throw invalidEvidence('its stream stops before the end of its range')
}

function boundsOf({ from, to }: KeyRange): { from?: string; to?: string } {
  return { ...(from === null ? {} : { from }), ...(to === null ? {} : { to }) }
}
