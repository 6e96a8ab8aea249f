import { UNCLAIMED_UPLOAD_MS } from '@stella/contracts'
import { ingestOfUploadKey, UPLOADS } from '@stella/core'
import { ingestStates } from '@stella/db'

import { eachApart } from '../each-apart.ts'
import { pageOfBlobs } from './page-of-blobs.ts'
import type { SweepDeps } from './sweep.ts'

/** What one look at uploads hands to the next. */
export interface UploadsMemory {
  /** The key after which to go on, or null to begin with the first. */
  readonly after: string | null
  /** Uploads without a batch, and when each was first seen, in milliseconds since 1970. */
  readonly unclaimed: ReadonlyMap<string, number>
}

/**
 * Removes uploads whose batch has ended, and those that no batch claimed within `UNCLAIMED_UPLOAD_MS`: their gateway died, or the
 * database refused the batch.
 */
export async function removeUploads(
  { database, blobs, now, log }: Pick<SweepDeps, 'database' | 'blobs' | 'now' | 'log'>,
  { after, unclaimed: seen }: UploadsMemory,
): Promise<UploadsMemory> {
  const { page, next } = await pageOfBlobs(blobs, UPLOADS, after)
  const isElsewhere = (key: string) => (after !== null && key <= after) || (next !== null && key > next)
  const unclaimed = new Map([...seen].filter(([key]) => isElsewhere(key)))
  const ids = page.map(({ key }) => ingestOfUploadKey(key)).filter((id) => id !== null)
  const states = new Map((await ingestStates(database, ids)).map(({ id, state }) => [id, state]))
  const look = async (key: string) => {
    const state = states.get(ingestOfUploadKey(key) ?? '')
    const firstSeen = seen.get(key) ?? now().getTime()
    if (state === 'received' || state === 'running') return
    if (state !== undefined || now().getTime() - firstSeen >= UNCLAIMED_UPLOAD_MS) await blobs.remove(key)
    else unclaimed.set(key, firstSeen)
  }
  await eachApart(log, {
    items: page,
    work: ({ key }) => look(key),
    failed: ({ key }) => ({ message: 'an upload cannot be removed; a later sweep tries again', key }),
  })
  return { after: next, unclaimed }
}
