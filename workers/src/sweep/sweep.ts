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

/** What one sweep hands to the next. */
export interface SweepMemory {
  /** Tenants with queued runs are looked at page by page: the one after which to go on, or the empty text. */
  readonly queuedAfter: string
  /** Staging is looked at page by page: the key after which to go on. */
  readonly stagingAfter: string | null
  /** Uploads without a batch, and when each was first seen, in milliseconds since 1970. */
  readonly unclaimed: ReadonlyMap<string, number>
  /** Runs to prune are looked at page by page: the one after which to go on. */
  readonly prunedAfter: PruneCursor | null
}

/** The memory of the first sweep. */
export const freshMemory: SweepMemory = { queuedAfter: '', stagingAfter: null, unclaimed: new Map(), prunedAfter: null }

/**
 * Repairs what a crash between two steps left: publishes lost jobs again, and removes what runs and batches that have ended left
 * behind, and prunes what retention says. Any number of workers may sweep at once; every step runs twice safely.
 */
export async function sweep(deps: SweepDeps, memory: SweepMemory): Promise<SweepMemory> {
  const idle = await idleSteps(deps)
  await republishLost(deps, idle)
  const queuedAfter = await republishQueued(deps, { idle, after: memory.queuedAfter })
  await removeExpiredKeys(deps.database)
  await deps.blobs.sweepScratch(SCRATCH_MAX_AGE_MS)
  const stagingAfter = await removeLeftovers(deps, memory.stagingAfter)
  const unclaimed = await removeUploads(deps, memory.unclaimed)
  const prunedAfter = await prune(deps, memory.prunedAfter)
  return { queuedAfter, stagingAfter, unclaimed, prunedAfter }
}
