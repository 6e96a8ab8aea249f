import { UNCLAIMED_UPLOAD_MS } from '@stella/contracts'
import { ingestOfUploadKey, UPLOADS } from '@stella/core'
import { ingestStates } from '@stella/db'

import { eachApart } from '../each-apart.ts'
import type { SweepDeps } from './sweep.ts'

/**
 * Removes uploads whose batch has ended, and those that no batch claimed within `UNCLAIMED_UPLOAD_MS`: their gateway died, or the
 * database refused the batch. Looks at the first page of uploads; what stays there is at work.
 * @returns uploads without a batch, and when each was first seen
 */
export async function removeUploads(
  { database, blobs, now, log }: Pick<SweepDeps, 'database' | 'blobs' | 'now' | 'log'>,
  seen: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, number>> {
  const unclaimed = new Map<string, number>()
  const page = await blobs.list(UPLOADS)
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
  return unclaimed
}
