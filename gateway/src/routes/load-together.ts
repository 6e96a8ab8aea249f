import DataLoader from 'dataloader'

/** Most requests of one tenant that share a transaction. */
const MAX_REQUESTS_TOGETHER = 100

/**
 * Answers a function that takes what one request asks of the database. Requests of one tenant that arrive at the same time are given to
 * `load` together, since journeys and a transaction cost more than the rows; it answers each in their order, with an error for those that fail
 * alone. What it throws, all of them fail with.
 */
export function loadTogether<Asked extends { readonly tenantId: string }, Answer>(
  load: (tenantId: string, asked: readonly Asked[]) => Promise<readonly (Answer | Error)[]>,
): (asked: Asked) => Promise<Answer> {
  const loader = new DataLoader<Asked, Answer>(
    async (asked) => {
      const ofTenants = new Map<string, Asked[]>()
      for (const one of asked) ofTenants.set(one.tenantId, [...(ofTenants.get(one.tenantId) ?? []), one])
      const answers = new Map<Asked, Answer | Error>()
      await Promise.all(
        [...ofTenants].map(async ([tenantId, own]) => {
          const loaded = await load(tenantId, own).catch((failure: Error) => own.map(() => failure))
          for (const [at, one] of own.entries()) answers.set(one, loaded[at] as Answer | Error)
        }),
      )
      return asked.map((one) => answers.get(one) as Answer | Error)
    },
    // Nothing is remembered. A turn of the event loop takes in every request that has arrived.
    { cache: false, maxBatchSize: MAX_REQUESTS_TOGETHER, batchScheduleFn: setImmediate },
  )
  return (asked) => loader.load(asked)
}
