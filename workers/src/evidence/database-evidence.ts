import { FRAME_BYTES, kindOfGroup, MAX_PROVENANCE_INPUTS, MAX_WITHHELD, Problem, recordGroups } from '@stella/contracts'
import { type Plan, parseDatabaseUrl } from '@stella/core'
import {
  coverage,
  documentsQuery,
  ecosystemExtents,
  ingestInputs,
  kindExtent,
  ledgerHead,
  rangeQuery,
  timeBuckets,
} from '@stella/db'
import { writeDatabase, writeDocuments, writeJsonLines } from '@stella/native'

import type { WorkerDeps } from '../deps.ts'
import { databaseMirror } from './database-mirror.ts'
import { databaseRules } from './database-rules.ts'
import type { Evidence, Survey } from './evidence.ts'
import { rangeRecordsOf } from './range-records.ts'

/** How to reach the own ledger: `databaseUrl` is the login's, for connections of the native module. */
export type OwnLedger = Pick<WorkerDeps, 'inTenant'> & { readonly databaseUrl: string }

/** Evidence in the own database. The native module reads it over connections of its own. */
export function databaseEvidence({ inTenant, databaseUrl }: OwnLedger): Evidence {
  const connection = parseDatabaseUrl(databaseUrl)
  const mirror = databaseMirror({ inTenant }, connection)
  return {
    ...mirror,
    survey: async ({ tenantId, filters, withDocuments, as }) => {
      if (as) requireOwn(as)
      return inTenant(tenantId, async (tx) => {
        const { revision, time } = as
          ? { revision: as.scope.ledgerRevision, time: as.ledgerTime }
          : await ledgerHead(tx, { tenantId })
        const scope = { tenantId, ledgerRevision: revision, filters }
        const extents: Survey['extents'][number][] = []
        for (const group of filters.include ?? recordGroups) {
          const kind = kindOfGroup[group]
          extents.push({
            group,
            ...(await kindExtent(tx, { scope, kind, rangeRecords: rangeRecordsOf(kind), withDocuments })),
          })
        }
        return { ledger: null, revision, time, extents }
      })
    },
    times: (query) => inTenant(query.scope.tenantId, (tx) => timeBuckets(tx, query)),
    ecosystems: (query) => inTenant(query.scope.tenantId, (tx) => ecosystemExtents(tx, query)),
    sources: (plan) => {
      requireOwn(plan)
      const { scope } = plan
      return inTenant(scope.tenantId, async (tx) => ({
        coverage: await coverage(tx, { scope }),
        ...(await ingestInputs(tx, { scope, limit: MAX_PROVENANCE_INPUTS })),
      }))
    },
    async writeLines({ plan, kind, ranges, mapping, readers, path }, signal) {
      requireOwn(plan)
      const queries = ranges.map((range) => rangeQuery(plan.scope, kind, range))
      const { level } = plan.profile.config.compression
      const rules = { mapping: mapping.json, level, frameBytes: FRAME_BYTES, readers, maxWithheld: MAX_WITHHELD, path }
      return writeJsonLines({ connection, tenantId: plan.scope.tenantId, queries, ...rules }, signal)
    },
    async writeDocuments({ plan, range, path }, signal) {
      requireOwn(plan)
      const { scope } = plan
      const query = documentsQuery(scope, range)
      return writeDocuments({ connection, tenantId: scope.tenantId, query, maxWithheld: MAX_WITHHELD, path }, signal)
    },
    async writeDatabase(work, signal) {
      const { plan } = work
      requireOwn(plan)
      const sources = work.sources.map(({ kind, ranges, mapping }) => {
        const queries = ranges.map((range) => rangeQuery(plan.scope, kind, range))
        return { kind, mapping: mapping.json, queries, files: [] }
      })
      return writeDatabase(plan.profile.variant, { connection, sources, ...databaseRules(work) }, signal)
    },
  }
}

function requireOwn({ id, evidence }: Plan): void {
  if (evidence === undefined) return
  throw new Problem(
    'evidence/other-ledger',
    `the plan ${id} reads another installation's ledger (${evidence}), and this worker its own: set EVIDENCE_URL`,
  )
}
