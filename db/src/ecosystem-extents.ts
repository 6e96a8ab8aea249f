import type { RecordKind } from '@stella/contracts'
import type { EcosystemExtent, Scope } from '@stella/core'
import { sql } from 'drizzle-orm'

import { quoteLiteral } from './quote-literal.ts'
import { recordBytes } from './record-bytes.ts'
import { scopeCondition } from './scope-conditions.ts'
import { selectorDigest } from './selector-conditions.ts'
import type { Transaction } from './session.ts'

/** Kinds of a scope, and the ecosystems to tell them apart by. */
export interface EcosystemQuery {
  readonly scope: Scope
  readonly kinds: readonly RecordKind[]
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

function extentsQuery({ scope, kinds, names, withDocuments = false }: EcosystemQuery): string {
  const named = names.map(
    (name, place) => `(${place}, ${quoteLiteral(selectorDigest('ecosystem', name.toLowerCase()))}::uuid)`,
  )
  return `with firsts as (
select s.revision, s.ordinal, min(named.place) as place
from public.record_selectors s join (values ${named.join(', ')}) named (place, selector) using (selector)
where s.tenant_id = ${quoteLiteral(scope.tenantId)}
group by s.revision, s.ordinal
)
select firsts.place, count(*)::float8 as records, sum(sizes.bytes)::float8 as bytes
from (
${kinds.map((kind) => sizesQuery(scope, kind, withDocuments)).join('\nunion all\n')}
) sizes
left join firsts using (revision, ordinal)
group by firsts.place`
}

function sizesQuery(scope: Scope, kind: RecordKind, withDocuments: boolean): string {
  const { bytes, join } = recordBytes(kind, withDocuments)
  return `select r.revision, r.ordinal, ${bytes} as bytes
from public.records r${join}
where ${scopeCondition(scope, kind)}`
}
