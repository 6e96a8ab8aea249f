import { runEvent } from '@stella/contracts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Bus, EventExtent, StoredEvent } from './bus.ts'
import type { BusUnderTest } from './bus-under-test.ts'

/** What every driver of a bus must do for who reads its events. */
export function eventLogSuite(driver: string, open: () => Promise<BusUnderTest>): void {
  describe(`${driver}: events`, () => {
    let under: BusUnderTest
    let bus: Bus
    let stop: AbortController
    beforeEach(async () => {
      under = await open()
      stop = new AbortController()
      bus = await under.connect()
      await bus.ensureStreams()
    })
    afterEach(async () => {
      stop.abort()
      await under.close()
    })

    const publish = async (tenantId: string, ...runs: number[]) => {
      for (const run of runs)
        await bus.publishEvent(runEvent({ tenantId, runId: `run${run}`, state: 'queued', time: new Date(0) }))
    }

    test('are read by tenant and range, in order; what is not there is an empty range', async () => {
      await publish('acme', 1, 2)
      await publish('other', 3)
      await publish('acme', 4)
      expect(await bus.eventExtent()).toEqual({ first: 1, last: 4 })
      const read = async (tenantId: string, from: number, to: number) => {
        const found: [number, unknown][] = []
        for await (const { sequence, event } of bus.readEvents({ tenantId, from, to }, stop.signal))
          found.push([sequence, event.subject])
        return found
      }
      expect(await read('acme', 1, 4)).toEqual([
        [1, 'run1'],
        [2, 'run2'],
        [4, 'run4'],
      ])
      expect(await read('acme', 2, 3)).toEqual([[2, 'run2']])
      expect(await read('other', 1, 4)).toEqual([[3, 'run3']])
      expect(await read('other', 4, 9)).toEqual([])
      expect(await read('nobody', 1, 9)).toEqual([])
    })

    test('are watched each once and in order, over a server that is killed and one that lost all', async () => {
      const watcher = watching(bus, stop.signal)
      await publish('acme', 1, 2)
      await watcher.until(2)
      await under.kill()
      await under.resume()
      await bus.check().catch(() => undefined)
      const other = await under.connect()
      await other.publishEvent(runEvent({ tenantId: 'acme', runId: 'run3', state: 'queued', time: new Date(0) }))
      await watcher.until(3)
      expect(watcher.seen.map(({ sequence }) => sequence)).toEqual([1, 2, 3])

      await under.kill()
      await under.resume({ loseData: true })
      const last = await under.connect()
      await last.ensureStreams()
      await last.publishEvent(runEvent({ tenantId: 'acme', runId: 'run4', state: 'queued', time: new Date(0) }))
      await watcher.until(4)
      expect(watcher.seen.at(-1)).toMatchObject({ sequence: 1, tenantId: 'acme', event: { subject: 'run4' } })
    })
  })
}

/** Watches from the first event on, and from the beginning where the stream is another one. */
function watching(bus: Bus, signal: AbortSignal) {
  const seen: StoredEvent[] = []
  let wake = () => {}
  const begin = ({ last }: EventExtent) => {
    const known = seen.at(-1)?.sequence ?? 0
    return last < known ? 1 : known + 1
  }
  const event = (stored: StoredEvent) => {
    seen.push(stored)
    wake()
  }
  void bus.watchEvents({ begin, event }, signal)
  return {
    seen,
    until: async (count: number) => {
      while (seen.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}
