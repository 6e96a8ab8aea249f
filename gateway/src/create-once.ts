import { createHash } from 'node:crypto'
import { canonicalJson, type Json } from '@stella/core'
import {
  type CreatingAnswer,
  claimKey,
  firstAnswer,
  type KeyedRequest,
  recordAnswer,
  type Transaction,
} from '@stella/db'

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
    const request = keyed({ tenantId, key, asked })
    const first = request && (await claimKey(tx, request))
    if (first) return { answer: replayed(first), created: null }

    const created = await create(tx)
    const answer = textOf(created)
    if (request) await recordAnswer(tx, request, answer)
    return { answer: responseOf(answer), created: created.body }
  })
}

/**
 * The first answer to a request whose Idempotency-Key was used before, or null: a look ahead of what a request costs that creates.
 * @throws `request/key-reused`
 */
export async function answeredBefore(
  { readTenant }: Pick<GatewayDeps, 'readTenant'>,
  asked: CreatingRequest,
): Promise<Response | null> {
  const request = keyed(asked)
  const first = request && (await readTenant(asked.tenantId, (tx) => firstAnswer(tx, request)))
  return first && replayed(first)
}

function keyed({ tenantId, key, asked }: CreatingRequest): KeyedRequest | null {
  return key === undefined ? null : { tenantId, key, fingerprint: fingerprintOf(asked) }
}

function replayed(first: CreatingAnswer): Response {
  return responseOf(first, { 'idempotency-replayed': 'true' })
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
