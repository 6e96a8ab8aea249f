import { SCRATCH_MAX_AGE_MS } from '@stella/contracts'

import { type PruneCursor, removeExpiredKeys } from '@stella/db'

import type { WorkerDeps } from '../deps.ts'
import { prune } from '../prune/prune.ts'
import { removeLeftovers } from './remove-leftovers.ts'
import { removeUploads } from './remove-uploads.ts'
import { idleSteps } from './republish.ts'
import { republishLost } from './republish-lost.ts'
import { republishQueued } from './republish-queued.ts'

/** What the sweep uses. */
export type SweepDeps = Pick<WorkerDeps, 'database' | 'inTenant' | 'blobs' | 'bus' | 'runLimits' | 'now' | 'log'>

/** What one look at what is left behind hands to the next. */
export interface RemovalMemory {
  /** Staging is looked at page by page: the key after which to go on. */
  readonly stagingAfter: string | null
  /** Uploads without a batch, and when each was first seen, in milliseconds since 1970. */
  readonly unclaimed: ReadonlyMap<string, number>
  /** Runs to prune are looked at page by page: the one after which to go on. */
  readonly prunedAfter: PruneCursor | null
}

/** The memory of the first look. */
export const freshMemory: RemovalMemory = { stagingAfter: null, unclaimed: new Map(), prunedAfter: null }

/**
 * Publishes jobs again that a crash between two steps lost. Any number of workers may do it at once, and twice safely.
 * @param after - tenants with queued runs are looked at page by page: the one after which to go on, or the empty text
 * @returns the next `after`
 */
export async function republishJobs(deps: SweepDeps, after: string): Promise<string> {
  const idle = await idleSteps(deps)
  await republishLost(deps, idle)
  return republishQueued(deps, { idle, after })
}

/**
 * Removes what runs and batches that have ended left behind, and prunes what retention says; needs no bus. Any number of workers may do it
 * at once, and twice safely.
 */
export async function removeLeft(deps: SweepDeps, memory: RemovalMemory): Promise<RemovalMemory> {
  await removeExpiredKeys(deps.database)
  await deps.blobs.sweepScratch(SCRATCH_MAX_AGE_MS)
  const stagingAfter = await removeLeftovers(deps, memory.stagingAfter)
  const unclaimed = await removeUploads(deps, memory.unclaimed)
  const prunedAfter = await prune(deps, memory.prunedAfter)
  return { stagingAfter, unclaimed, prunedAfter }
}
