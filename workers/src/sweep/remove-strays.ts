import { attemptOfKey, attemptPrefix, SEALED, type SealAttempt } from '@stella/core'
import { strayAttempts } from '@stella/db'

import { eachApart } from '../each-apart.ts'
import { pageOfBlobs } from './page-of-blobs.ts'
import type { SweepDeps } from './sweep.ts'

/**
 * Removes what attempts at sealing stored that no run will ever name. A worker that hangs while it stores goes on after others have ended its
 * run and removed what was there; where it is killed then, no job and no staging tells of it.
 * @returns the key to go on after, or null where all was looked at
 */
export async function removeStrays(
  deps: Pick<SweepDeps, 'inTenant' | 'blobs' | 'log'>,
  after: string | null,
): Promise<string | null> {
  const { page, next } = await pageOfBlobs(deps.blobs, SEALED, after)
  await eachApart(deps.log, {
    items: [...byTenant(page.map(({ key }) => key))],
    work: ([tenantId, attempts]) => removeStraysOf(deps, tenantId, attempts),
    failed: ([tenantId]) => ({
      message: 'stray bytes cannot be removed; a later sweep tries again',
      tenant_id: tenantId,
    }),
  })
  return next
}

async function removeStraysOf(
  { inTenant, blobs, log }: Pick<SweepDeps, 'inTenant' | 'blobs' | 'log'>,
  tenantId: string,
  attempts: readonly SealAttempt[],
): Promise<void> {
  for (const { runId, attempt } of await inTenant(tenantId, (tx) => strayAttempts(tx, tenantId, attempts))) {
    await blobs.removeAll(attemptPrefix(tenantId, runId, attempt))
    log({ message: 'stray bytes were removed', tenant_id: tenantId, run_id: runId, attempt })
  }
}

/** The attempts that stored keys, each once, by tenant. */
function byTenant(keys: readonly string[]): Map<string, SealAttempt[]> {
  const tenants = new Map<string, SealAttempt[]>()
  const seen = new Set<string>()
  for (const of of keys.map(attemptOfKey)) {
    if (of === null) continue
    const prefix = attemptPrefix(of.tenantId, of.runId, of.attempt)
    if (seen.has(prefix)) continue
    seen.add(prefix)
    const ofTenant = tenants.get(of.tenantId) ?? []
    ofTenant.push(of)
    tenants.set(of.tenantId, ofTenant)
  }
  return tenants
}
