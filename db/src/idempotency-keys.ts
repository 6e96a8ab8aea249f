import { IDEMPOTENCY_KEY_MS, Problem } from '@stella/contracts'
import { and, eq, sql } from 'drizzle-orm'
import type { Database } from './open-database.ts'
import { idempotencyKeys } from './schema.ts'
import type { Transaction } from './session.ts'
import { asSweep } from './stalled-work.ts'

/** The answer to a request that created something. */
export interface CreatingAnswer {
  readonly status: 201 | 202
  readonly headers: Readonly<Record<string, string>>
  /** The body: JSON text. */
  readonly body: string
}

/** One use of a key. `fingerprint` is the SHA-256, in hexadecimal, of all that tells one request from another. */
export interface KeyedRequest {
  readonly tenantId: string
  readonly key: string
  readonly fingerprint: string
}

/**
 * What a key was answered when it was used first, or null: then it is this transaction's until it ends, and what this transaction creates is
 * to be recorded by `recordAnswer`.
 * @throws `request/in-progress` while another transaction holds the key · `request/key-reused` where it was used for another request
 */
export async function claimKey(
  tx: Transaction,
  { tenantId, key, fingerprint }: KeyedRequest,
): Promise<CreatingAnswer | null> {
  const name = JSON.stringify([tenantId, key])
  const [lock] = await tx.execute<{ held: boolean }>(
    sql`select pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) as held`,
  )
  if (!lock?.held) {
    throw new Problem(
      'request/in-progress',
      'a request with this Idempotency-Key is being answered: try again in a moment',
    )
  }
  return firstAnswer(tx, { tenantId, key, fingerprint })
}

/** What a key was answered when it was used first, or null. @throws `request/key-reused` where it was used for another request */
export async function firstAnswer(
  tx: Transaction,
  { tenantId, key, fingerprint }: KeyedRequest,
): Promise<CreatingAnswer | null> {
  const [used] = await tx
    .select({ fingerprint: idempotencyKeys.fingerprint, answer: idempotencyKeys.answer })
    .from(idempotencyKeys)
    .where(and(eq(idempotencyKeys.tenantId, tenantId), eq(idempotencyKeys.key, key)))
  if (used === undefined) return null
  if (used.fingerprint === fingerprint) return used.answer
  throw new Problem('request/key-reused', 'this Idempotency-Key was used for another request: use a new one')
}

/** Keeps the answer of a key that this transaction claimed, for `IDEMPOTENCY_KEY_MS` at least. */
export async function recordAnswer(tx: Transaction, request: KeyedRequest, answer: CreatingAnswer): Promise<void> {
  const expiresAt = sql`clock_timestamp() + make_interval(secs => ${IDEMPOTENCY_KEY_MS / 1000}::float8)`
  await tx.insert(idempotencyKeys).values({ ...request, answer, expiresAt })
}

/** Removes the keys of all tenants that have expired. */
export async function removeExpiredKeys(database: Database): Promise<void> {
  // Row level security picks the rows: this role may remove those that have expired, and cannot read any.
  await asSweep(database, (tx) => tx.delete(idempotencyKeys))
}
