import { createHash } from 'node:crypto'

import type { LedgerRevision } from '@stella/contracts'
import { and, desc, eq, inArray, lt } from 'drizzle-orm'
import { EPOCH, ledgerHead, wholeSeconds } from './ledger-head.ts'
import { decodeNumberCursor, type Page, pageOfRows } from './page-cursor.ts'
import { ledgerRevisions } from './schema.ts'
import type { Transaction } from './session.ts'

/** A state of one ledger: which ledger, which revision, and when it was made, in whole seconds. */
export interface LedgerState {
  readonly ledger: string
  readonly revision: number
  readonly time: string
}

/** The state of a ledger as of a revision, of the newest for null; null where it has no such revision yet. */
export async function ledgerState(
  tx: Transaction,
  { tenantId, revision }: { tenantId: string; revision: number | null },
): Promise<LedgerState | null> {
  const wanted = revision ?? (await ledgerHead(tx, { tenantId })).revision
  if (wanted === 0) return { ledger: 'urn:stella:ledger:empty', revision: 0, time: EPOCH }
  const rows = await tx
    .select({
      revision: ledgerRevisions.revision,
      ingestId: ledgerRevisions.ingestId,
      createdAt: ledgerRevisions.createdAt,
    })
    .from(ledgerRevisions)
    .where(and(eq(ledgerRevisions.tenantId, tenantId), inArray(ledgerRevisions.revision, [1, wanted])))
  const first = rows.find((row) => row.revision === 1)
  const at = rows.find((row) => row.revision === wanted)
  if (!first || !at) return null
  return { ledger: ledgerIdOf(tenantId, first.ingestId), revision: wanted, time: wholeSeconds(at.createdAt) }
}

/** Ids of batches are random, so that of the first names the ledger. */
function ledgerIdOf(tenantId: string, firstIngestId: string): string {
  return `urn:stella:ledger:${createHash('sha256').update(`${tenantId}\n${firstIngestId}`).digest('hex')}`
}

/**
 * A page of revisions, the newest first.
 * @throws `request/invalid` for a cursor that cannot be read
 */
export async function listRevisions(
  tx: Transaction,
  { tenantId, limit, cursor }: { tenantId: string; limit: number; cursor?: string | undefined },
): Promise<Page<LedgerRevision>> {
  const before = cursor === undefined ? undefined : decodeNumberCursor('revisions', cursor)
  const rows = await tx
    .select()
    .from(ledgerRevisions)
    .where(
      and(
        eq(ledgerRevisions.tenantId, tenantId),
        before === undefined ? undefined : lt(ledgerRevisions.revision, before),
      ),
    )
    .orderBy(desc(ledgerRevisions.revision))
    .limit(limit + 1)
  return pageOfRows(rows, {
    list: 'revisions',
    limit,
    keyOf: (row) => [String(row.revision)],
    itemOf: ({ revision, createdAt, ingestId, newDocuments, changedDocuments }) => ({
      revision,
      time: createdAt,
      ingest: ingestId,
      new_documents: newDocuments,
      changed_documents: changedDocuments,
    }),
  })
}
