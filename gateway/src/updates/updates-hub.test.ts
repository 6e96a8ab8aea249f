import { once } from 'node:events'

import type { UpdateFrame } from '@stella/contracts'
import { expect, test } from 'vitest'

import { type HubDeps, UpdatesHub } from './updates-hub.ts'

const silentBus: HubDeps['bus'] = {
  watchEvents: async (watch) => void watch.begin({ first: 1, last: 0 }),
  readEvents: async function* () {},
  eventExtent: async () => ({ first: 1, last: 0 }),
}

/** A hub with places for two readers of one tenant, and for one event in memory. */
function hubOn(bus: HubDeps['bus']): UpdatesHub {
  const hub = new UpdatesHub({
    bus,
    limits: {
      recentEvents: 1,
      recentBytes: 1000,
      backlogBytes: 1,
      stallMs: 60_000,
      readers: 3,
      tenantReaders: 2,
      replays: 1,
      tenantReplays: 1,
    },
    now: () => new Date(),
    log: () => undefined,
    observe: { readers: () => undefined, dropped: () => undefined },
  })
  void hub.run(new AbortController().signal)
  return hub
}

test('readers that connect at once get no more places than there are, and one that never opens gives its own back', () => {
  const hub = hubOn(silentBus)
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

test('events that the stream drops while a reader comes to read them are told as a gap', async () => {
  const stored = (sequence: number) => ({ sequence, tenantId: 'acme', event: { id: String(sequence) } })
  let first = 1
  const hub = hubOn({
    watchEvents: async (watch, signal) => {
      watch.begin({ first, last: 4 })
      watch.event(stored(4))
      await once(signal, 'abort')
    },
    readEvents: async function* () {
      first = 3
      yield stored(3)
      yield stored(4)
    },
    eventExtent: async () => ({ first, last: 4 }),
  })
  const closed = new AbortController()
  const frames: UpdateFrame[] = []
  const isReady = new Promise<void>((resolve) => {
    const send = (frame: Uint8Array, sent?: () => void) => {
      frames.push(JSON.parse(new TextDecoder().decode(frame)))
      sent?.()
      if (frames.length === 4) resolve()
    }
    hub
      .admit({ tenantId: 'acme', runId: null, after: 1, expiresAtMs: Date.now() + 60_000 })
      .open({ send, backlogBytes: () => 0, close: () => resolve(), closed: closed.signal })
  })
  await isReady
  closed.abort()
  expect(frames.map(({ id }) => id)).toEqual(['gap/2-2', '3', '4', 'ready/4'])
})
