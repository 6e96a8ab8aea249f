import type { Ingest, IngestEntry } from '@stella/contracts'
import { and, desc, eq, gte, lt } from 'drizzle-orm'
import { type Page, pageOfRows } from './page-cursor.ts'
import { ingests } from './schema.ts'
import type { Transaction } from './session.ts'
import { olderThan, timeKey } from './time-cursor.ts'

/** Which batches to list; `from` is inclusive and `to` exclusive, over the time of creation. */
export interface IngestQuery {
  readonly tenantId: string
  readonly state?: Ingest['state'] | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

const { id, state, sourceUri, revision, errorClass, errorMessage, createdBy, createdAt, finishedAt } = ingests

/**
 * A page of batches, the newest first, without their summaries: one may name many refused documents.
 * @throws `request/invalid` for a cursor that cannot be read
 */
export async function listIngests(tx: Transaction, query: IngestQuery): Promise<Page<IngestEntry>> {
  const rows = await tx
    .select({ id, state, sourceUri, revision, errorClass, errorMessage, createdBy, createdAt, finishedAt })
    .from(ingests)
    .where(
      and(
        eq(ingests.tenantId, query.tenantId),
        query.state === undefined ? undefined : eq(state, query.state),
        query.from === undefined ? undefined : gte(createdAt, query.from),
        query.to === undefined ? undefined : lt(createdAt, query.to),
        query.cursor === undefined ? undefined : olderThan('ingests', query.cursor, { createdAt, id }),
      ),
    )
    .orderBy(desc(createdAt), desc(id))
    .limit(query.limit + 1)
  return pageOfRows(rows, {
    list: 'ingests',
    limit: query.limit,
    keyOf: timeKey,
    itemOf: (row) => ({
      id: row.id,
      state: row.state,
      source_uri: row.sourceUri,
      revision: row.revision,
      error_class: row.errorClass,
      error_message: row.errorMessage,
      created_by: row.createdBy,
      created_at: row.createdAt,
      finished_at: row.finishedAt,
    }),
  })
}
