import { MAX_KNOWN } from '@stella/contracts'
import DataLoader from 'dataloader'

import { BoundedMap } from '../bounded-map.ts'

/** Most requests of one tenant that share a transaction. */
const MAX_REQUESTS_TOGETHER = 100

/**
 * Answers a function that takes what one request asks of the database. Requests of one tenant that arrive at the same time are given to
 * `load` together, since journeys and a transaction cost more than the rows; it answers each in their order, with an error for those that fail
 * alone. What it throws, all of them fail with. No tenant waits for another's.
 */
export function loadTogether<Asked extends { readonly tenantId: string }, Answer>(
  load: (tenantId: string, asked: readonly Asked[]) => Promise<readonly (Answer | Error)[]>,
): (asked: Asked) => Promise<Answer> {
  const loaders = new BoundedMap<DataLoader<Asked, Answer>>(MAX_KNOWN)
  return (asked) => {
    const { tenantId } = asked
    const known = loaders.get(tenantId)
    if (known) return known.load(asked)
    const loader = new DataLoader<Asked, Answer>(
      async (together) => load(tenantId, together),
      // Nothing is remembered. A turn of the event loop takes in every request that has arrived.
      { cache: false, maxBatchSize: MAX_REQUESTS_TOGETHER, batchScheduleFn: setImmediate },
    )
    loaders.set(tenantId, loader)
    return loader.load(asked)
  }
}
