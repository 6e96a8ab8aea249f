import type { EcosystemExtent, Scope } from '@stella/core'
import { sql } from 'drizzle-orm'

import { quoteLiteral } from './quote-literal.ts'
import { sizesQuery } from './record-bytes.ts'
import { selectorDigest } from './selector-conditions.ts'
import type { Transaction } from './session.ts'

/** A scope, and the ecosystems to tell its records apart by. */
export interface EcosystemQuery {
  readonly scope: Scope
  /** In the order in which they take: a record of several counts for the first of them. */
  readonly names: readonly string[]
  /** Whether the export holds the documents of records besides. */
  readonly withDocuments?: boolean
}

/**
 * How much of a scope is of which ecosystem, every record once: an extent for each name in the order given, and a last one, whose
 * `ecosystem` is null, for records of none of them. Bytes as `kindExtent` counts them.
 * @throws TypeError for a name or a filter value that holds NUL
 */
export async function ecosystemExtents(tx: Transaction, query: EcosystemQuery): Promise<EcosystemExtent[]> {
  const rows = await tx.execute<{ place: number | null; records: number; bytes: number }>(sql.raw(extentsQuery(query)))
  const held = new Map(rows.map(({ place, records, bytes }) => [place, { records, bytes }]))
  return [...query.names.entries(), [null, null] as const].map(([place, ecosystem]) => ({
    ecosystem,
    ...(held.get(place) ?? { records: 0, bytes: 0 }),
  }))
}

/** One grouping of records and of what tells of them, and no join, which would be quadratic where statistics do not know the tenant yet. */
function extentsQuery({ scope, names, withDocuments = false }: EcosystemQuery): string {
  const named = names.map(
    (name, place) => `(${place}, ${quoteLiteral(selectorDigest('ecosystem', name.toLowerCase()))}::uuid)`,
  )
  return `select place, count(*)::float8 as records, sum(bytes)::float8 as bytes
from (
select max(bytes) as bytes, min(place) as place
from (
select revision, ordinal, bytes, null::integer as place
from (
${sizesQuery('r.revision, r.ordinal', scope, withDocuments)}
) sizes
union all
select s.revision, s.ordinal, null, named.place
from public.record_selectors s join (values ${named.join(', ')}) named (place, selector) using (selector)
where s.tenant_id = ${quoteLiteral(scope.tenantId)}
) told
group by revision, ordinal
having max(bytes) is not null
) records
group by place`
}
