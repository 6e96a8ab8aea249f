import { createHash } from 'node:crypto'
import { canonicalJson, type Json } from '@stella/core'
import { type CreatingAnswer, claimKey, recordAnswer, type Transaction } from '@stella/db'

import type { GatewayDeps } from './deps.ts'

/** A request that creates. `asked` is all that tells it from another: the endpoint's name, what the path names, query, body. */
export interface CreatingRequest {
  readonly tenantId: string
  /** Its `Idempotency-Key`. */
  readonly key: string | undefined
  readonly asked: Json
}

/** What was created, and how that is answered. */
export interface Created<T> {
  readonly status: 201 | 202
  readonly headers: Readonly<Record<string, string>>
  readonly body: T
}

/**
 * Creates something in one transaction, once per Idempotency-Key and tenant: the key is stored by the transaction that creates, so that no
 * crash parts them. Where the key was used before, nothing is created and the first answer is given again.
 * @returns the answer, and what was created: null where it had been before
 * @throws `request/in-progress` · `request/key-reused` · what `create` throws, and then the key is unused
 */
export async function createOnce<T>(
  { inTenant }: Pick<GatewayDeps, 'inTenant'>,
  { tenantId, key, asked }: CreatingRequest,
  create: (tx: Transaction) => Promise<Created<T>>,
): Promise<{ answer: Response; created: T | null }> {
  return inTenant(tenantId, async (tx) => {
    const request = key === undefined ? null : { tenantId, key, fingerprint: fingerprintOf(asked) }
    const first = request && (await claimKey(tx, request))
    if (first) return { answer: responseOf(first, { 'idempotency-replayed': 'true' }), created: null }

    const created = await create(tx)
    const answer = textOf(created)
    if (request) await recordAnswer(tx, request, answer)
    return { answer: responseOf(answer), created: created.body }
  })
}

/** The answer about what was created. */
export function answerOf(created: Created<unknown>): Response {
  return responseOf(textOf(created))
}

function textOf({ body, ...head }: Created<unknown>): CreatingAnswer {
  return { ...head, body: JSON.stringify(body) }
}

function fingerprintOf(asked: Json): string {
  return createHash('sha256').update(canonicalJson(asked)).digest('hex')
}

function responseOf({ status, headers, body }: CreatingAnswer, more: Record<string, string> = {}): Response {
  return new Response(body, { status, headers: { 'content-type': 'application/json', ...headers, ...more } })
}
