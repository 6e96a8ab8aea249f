import type { RecordKind } from '@stella/contracts'
import type { Scope } from '@stella/core'
import { sql } from 'drizzle-orm'

import { documentsQuery } from '../documents-query.ts'
import type { Database } from '../open-database.ts'
import { rangeQuery } from '../range-query.ts'
import { withTenant } from '../with-tenant.ts'

/** Rows of a query that COPY would run, as the login role. */
export async function rowsOf<Row extends Record<string, unknown>>(
  database: Database,
  tenantId: string,
  query: string,
): Promise<Row[]> {
  const rows = await withTenant(database, tenantId, (tx) => tx.execute(sql.raw(query)))
  return [...rows] as Row[]
}

/** Keys of the records of one kind that a scope takes, in order. */
export async function keysOf(database: Database, scope: Scope, kind: RecordKind): Promise<string[]> {
  const all = { from: null, to: null }
  const query = kind === 'sbom' ? documentsQuery(scope, all) : rangeQuery(scope, kind, all)
  const rows = await rowsOf<{ record_key: string }>(database, scope.tenantId, query)
  return rows.map((row) => row.record_key)
}

/** Nodes of the plan that the login role gets for a query. */
export async function planOfQuery(database: Database, tenantId: string, query: string): Promise<string> {
  const rows = await rowsOf<Record<string, string>>(database, tenantId, `explain ${query}`)
  return rows.map((row) => row['QUERY PLAN']).join('\n')
}
