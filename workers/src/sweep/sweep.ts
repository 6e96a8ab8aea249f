import { SCRATCH_MAX_AGE_MS } from '@stella/contracts'

import { type PruneCursor, removeExpiredKeys } from '@stella/db'

import type { WorkerDeps } from '../deps.ts'
import { prune } from '../prune/prune.ts'
import { patienceOf } from './patience.ts'
import { removeLeftovers } from './remove-leftovers.ts'
import { removeStrays } from './remove-strays.ts'
import { removeUploads, type UploadsMemory } from './remove-uploads.ts'
import { type LostAfter, republishLost } from './republish-lost.ts'
import { republishQueued } from './republish-queued.ts'

/** What the sweep uses. */
export type SweepDeps = Pick<WorkerDeps, 'database' | 'inTenant' | 'blobs' | 'bus' | 'runLimits' | 'now' | 'log'>

/** What one look at what is left behind hands to the next. */
export interface RemovalMemory {
  /** Staging is looked at page by page: the key after which to go on. */
  readonly stagingAfter: string | null
  /** So are sealed bytes. */
  readonly sealedAfter: string | null
  readonly uploads: UploadsMemory
  /** Runs to prune are looked at page by page: the one after which to go on. */
  readonly prunedAfter: PruneCursor | null
}

/** The memory of the first look at what is left behind. */
export const freshRemovalMemory: RemovalMemory = {
  stagingAfter: null,
  sealedAfter: null,
  uploads: { after: null, unclaimed: new Map() },
  prunedAfter: null,
}

/** What one look for lost jobs hands to the next. */
export interface RepublishMemory {
  readonly lostAfter: LostAfter
  /** Tenants with queued runs are looked at page by page: the one after which to go on, or the empty text. */
  readonly queuedAfter: string
}

/** The memory of the first look for lost jobs. */
export const freshRepublishMemory: RepublishMemory = {
  lostAfter: { ingests: null, verifications: null, runs: null },
  queuedAfter: '',
}

/** Publishes jobs again that a crash between two steps lost. Any number of workers may do it at once, and twice safely. */
export async function republishJobs(deps: SweepDeps, memory: RepublishMemory): Promise<RepublishMemory> {
  const patience = await patienceOf(deps)
  const lostAfter = await republishLost(deps, patience, memory.lostAfter)
  const queuedAfter = await republishQueued(deps, patience, memory.queuedAfter)
  return { lostAfter, queuedAfter }
}

/**
 * Removes what runs and batches that have ended left behind, and prunes what retention says; needs no bus. Any number of workers may do it
 * at once, and twice safely.
 */
export async function removeLeft(deps: SweepDeps, memory: RemovalMemory): Promise<RemovalMemory> {
  await removeExpiredKeys(deps.database)
  await deps.blobs.sweepScratch(SCRATCH_MAX_AGE_MS)
  const stagingAfter = await removeLeftovers(deps, memory.stagingAfter)
  const sealedAfter = await removeStrays(deps, memory.sealedAfter)
  const uploads = await removeUploads(deps, memory.uploads)
  const prunedAfter = await prune(deps, memory.prunedAfter)
  return { stagingAfter, sealedAfter, uploads, prunedAfter }
}
