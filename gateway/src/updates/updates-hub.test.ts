import { expect, test } from 'vitest'

import { UpdatesHub } from './updates-hub.ts'

/** A hub with places for two readers of one tenant, on a bus without events. */
function hubOfTwo(signal: AbortSignal): UpdatesHub {
  const hub = new UpdatesHub({
    bus: {
      watchEvents: async (watch) => void watch.begin({ first: 1, last: 0 }),
      readEvents: async function* () {},
      eventExtent: async () => ({ first: 1, last: 0 }),
    },
    limits: {
      recentEvents: 1,
      recentBytes: 1,
      backlogBytes: 1,
      stallMs: 1,
      readers: 3,
      tenantReaders: 2,
      replays: 1,
      tenantReplays: 1,
    },
    now: () => new Date(),
    log: () => undefined,
    observe: { readers: () => undefined, dropped: () => undefined },
  })
  void hub.run(signal)
  return hub
}

test('readers that connect at once get no more places than there are, and one that never opens gives its own back', () => {
  const hub = hubOfTwo(new AbortController().signal)
  const admit = (tenantId: string) => hub.admit({ tenantId, runId: null, after: null, expiresAtMs: 0 })
  const [first] = [admit('acme'), admit('acme')]
  const full = expect.objectContaining({ code: 'limit/connections' })
  expect(() => admit('acme')).toThrow(full)
  admit('other')
  expect(() => admit('third')).toThrow(full)
  for (let twice = 0; twice < 2; twice++) first.release()
  admit('acme')
  expect(() => admit('acme')).toThrow(full)
})
