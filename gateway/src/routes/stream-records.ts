import { type LedgerQuery, Problem, type RecordGroup, type RecordsRequest, recordsRequest } from '@stella/contracts'

import { answerRecords, type LedgerDeps } from '../ledger/answer-records.ts'
import { parsed } from '../middleware/parsed.ts'
import type { Route } from '../route.ts'

/** GET /ledger/advisories: 200 a stream of lines · 400 request/invalid · 404 resource/not-found · 429 ledger/busy */
export function streamAdvisoriesRoute(deps: LedgerDeps): Route<'streamAdvisories'> {
  return (c, { query }) => answerRecords(deps, requestOf('advisories', query), c)
}

/** GET /ledger/vex: as for advisories */
export function streamVexRoute(deps: LedgerDeps): Route<'streamVex'> {
  return (c, { query }) => answerRecords(deps, requestOf('vex', query), c)
}

/** GET /ledger/sboms: as for advisories */
export function streamSbomsRoute(deps: LedgerDeps): Route<'streamSboms'> {
  return (c, { query }) => answerRecords(deps, requestOf('sboms', query), c)
}

/** GET /ledger/jars: as for advisories */
export function streamJarsRoute(deps: LedgerDeps): Route<'streamJars'> {
  return (c, { query }) => answerRecords(deps, requestOf('jars', query), c)
}

/** The request that a query stands for; rules between its fields are looked at here. */
function requestOf(group: RecordGroup, query: LedgerQuery): RecordsRequest {
  const { revision, cursor, limit, ...filters } = query
  const request = { group, filters, after: cursor, revision: numberOf(revision), limit: numberOf(limit) }
  return parsed(recordsRequest, request, 'the query')
}

function numberOf(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits)
}

/** POST /ledger/records: the same streams, for filters that no address can hold, and ranges of keys. 200 · 400 · 404 · 413 · 429 */
export function streamRecordsRoute(deps: LedgerDeps): Route<'streamRecords'> {
  return (c, { body }) => answerRecords(deps, body, c)
}

/** GET /ledger/findings: 409 ledger/not-computed. An empty stream would say that there are none. */
export function streamFindingsRoute(): Route<'streamFindings'> {
  return async () => {
    throw new Problem(
      'ledger/not-computed',
      'this version computes no findings, which does not say that there are none: match the streams of SBOMs and advisories',
    )
  }
}
