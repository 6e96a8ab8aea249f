import { MAX_PAGE_ROWS, SWEEP_MS } from '@stella/contracts'
import type { Database, StalledCursor, StalledQuery, StalledWork } from '@stella/db'

import { eachApart } from '../each-apart.ts'
import type { SweepDeps } from './sweep.ts'

/** One kind of work: how to find what has been silent, and what to do about one of it. */
export interface StalledKind<W extends StalledWork> {
  readonly find: (database: Database, query: StalledQuery) => Promise<W[]>
  readonly republish: (work: W) => Promise<void>
}

/**
 * Looks at a page of work that has been silent, the longest first. What cannot be published again is logged; a later look tries again.
 * @returns the work to go on after, or null where all was looked at
 */
export async function republishStalled<W extends StalledWork>(
  { database, log }: Pick<SweepDeps, 'database' | 'log'>,
  { find, republish }: StalledKind<W>,
  after: StalledCursor | null,
): Promise<StalledCursor | null> {
  const page = await find(database, { olderThanMs: SWEEP_MS, after, limit: MAX_PAGE_ROWS })
  await eachApart(log, {
    items: page,
    work: republish,
    failed: ({ tenantId, id }) => ({
      message: 'a lost job cannot be published again; a later sweep tries again',
      tenant_id: tenantId,
      id,
    }),
  })
  return page.length < MAX_PAGE_ROWS ? null : (page.at(-1) ?? null)
}
