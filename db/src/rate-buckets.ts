import { Problem } from '@stella/contracts'
import { sql } from 'drizzle-orm'
import { rateBuckets } from './schema.ts'
import type { Transaction } from './session.ts'

/** A token bucket: `tokens` at most, filled evenly from empty in `windowSeconds`. */
export interface TokenQuota {
  readonly tokens: number
  readonly windowSeconds: number
}

/** What was taken of a bucket, and what it holds after that, with fractions. */
export interface GrantedTokens {
  readonly granted: number
  readonly left: number
}

/**
 * Takes up to `wanted` whole tokens from a bucket of a tenant, which is full when it is first used. One statement: what all sessions
 * take together is never more than the quota.
 */
export async function leaseTokens(
  tx: Transaction,
  lease: { tenantId: string; bucket: string; quota: TokenQuota; wanted: number },
): Promise<GrantedTokens> {
  const { tenantId, bucket, quota, wanted } = lease
  const full = sql`${quota.tokens}::float8`
  // now() is one moment for the whole statement. It may lie before that of a session which this one waited for.
  const elapsed = sql`greatest(extract(epoch from now() - ${rateBuckets.refilledAt}), 0)::float8`
  const filled = sql`least(${full}, ${rateBuckets.tokens} + ${elapsed} * ${quota.tokens / quota.windowSeconds}::float8)`
  const granted = sql`least(floor(${filled}), ${wanted}::float8)`
  const first = Math.min(quota.tokens, wanted)
  const [row] = await tx
    .insert(rateBuckets)
    .values({ tenantId, bucket, tokens: quota.tokens - first, granted: first, refilledAt: sql`now()` })
    .onConflictDoUpdate({
      target: [rateBuckets.tenantId, rateBuckets.bucket],
      set: {
        tokens: sql`${filled} - ${granted}`,
        granted,
        refilledAt: sql`greatest(${rateBuckets.refilledAt}, now())`,
      },
    })
    .returning({ granted: rateBuckets.granted, left: rateBuckets.tokens })
  if (!row) throw new Problem('internal', `the rate limit ${bucket} vanished while tokens were taken`)
  return row
}
