import { mediaTypes, type RecordsRequest } from '@stella/contracts'
import type { Scope } from '@stella/core'
import { ledgerPage } from '@stella/db'
import type { Context } from 'hono'

import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import { requireOwnTenant } from '../routes/require-own-tenant.ts'
import { pulledStream } from './pulled-stream.ts'
import { recordLines } from './record-lines.ts'
import { requireState } from './require-state.ts'

/** What answers of the ledger use. */
export type LedgerDeps = Pick<GatewayDeps, 'readTenant' | 'openStreams' | 'log'>

/**
 * Answers with a ledger stream. Each page is a transaction of its own, which is enough: a revision never changes.
 * @throws `resource/not-found` for a revision that is not there · `ledger/busy`
 */
export async function answerRecords(
  deps: LedgerDeps,
  asked: RecordsRequest,
  c: Context<GatewayEnv>,
): Promise<Response> {
  const { tenantId } = c.get('caller')
  const { group, revision = null, filters, after = null, from = null, to = null, limit } = asked
  requireOwnTenant(filters, tenantId)
  const state = await deps.readTenant(tenantId, (tx) => requireState(tx, { tenantId, revision }))
  const scope: Scope = { tenantId, ledgerRevision: state.revision, filters }
  const headers = {
    'content-type': mediaTypes.jsonLines,
    'cache-control': 'private, no-store',
    'ledger-id': state.ledger,
    'ledger-revision': String(state.revision),
    'ledger-time': state.time,
  }
  if (c.req.method === 'HEAD') return new Response(null, { headers })

  const chunks = recordLines({
    state,
    after,
    limit,
    page: (cursor, most) =>
      deps.readTenant(tenantId, (tx) => ledgerPage(tx, { scope, group, after: cursor, from, to, limit: most })),
  })
  const failed = (error: unknown) => deps.log({ message: 'a ledger stream was cut', group, cause: String(error) })
  return new Response(pulledStream(deps.openStreams, { tenantId, chunks, failed }), { headers })
}
