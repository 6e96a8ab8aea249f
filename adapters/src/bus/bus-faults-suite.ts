import { BUS_PUBLISH_MS, Problem } from '@stella/contracts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Bus } from './bus.ts'
import { allDone, type BusUnderTest, recorded, writeJob } from './bus-under-test.ts'

/** What every driver of a bus must do when its server dies. */
export function busFaultsSuite(driver: string, open: () => Promise<BusUnderTest>): void {
  describe(`${driver}, when the server is killed`, () => {
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

    const fixture = () => ({ under, bus, stop })
    load(fixture)
    outages(fixture)
  })
}

type Fixture = () => { under: BusUnderTest; bus: Bus; stop: AbortController }

function load(fixture: Fixture): void {
  test('no published job is lost under load, and consumers resume by themselves', async () => {
    const { under, stop } = fixture()
    const jobs = 600
    const impatient = await under.connect({ ackWaitMs: 1000, heartbeatMs: 250 })
    await impatient.ensureStreams()
    const worker = recorded(async (shard) => (shard < jobs ? [writeJob(shard + jobs)] : []))
    for (let workers = 0; workers < 4; workers++) void impatient.consume('write', worker, stop.signal)
    const publishing = publishAll(await under.connect(), jobs)
    for (const deliveries of [50, 200, 500]) {
      await worker.until(() => worker.deliveries.length >= deliveries)
      await under.kill()
      await under.resume()
    }
    await publishing
    const done = () => new Set(worker.deliveries.map(({ shard }) => shard)).size
    await worker.until(() => done() === 2 * jobs)
    expect(worker.failures).toEqual([])
  }, 60_000)

  test('publishing fails at once while it is gone, and works when it is back', async () => {
    const { under, bus } = fixture()
    await under.kill()
    const startedAt = performance.now()
    await expect(bus.publishJob(writeJob(0))).rejects.toMatchObject({ code: 'bus/unavailable' })
    await expect(bus.pending('write')).rejects.toMatchObject({ code: 'bus/unavailable' })
    await expect(bus.check()).rejects.toMatchObject({ code: 'bus/unavailable' })
    expect(performance.now() - startedAt).toBeLessThan(BUS_PUBLISH_MS) // None of them waited for an answer.
    await under.resume()
    await publishAll(bus, 1)
    // A server that has just recovered counts what waits for a consumer a moment later.
    await expect.poll(async () => (await bus.pending('write')).pending).toBe(1)
  })
}

function outages(fixture: Fixture): void {
  test('a job in hand is finished, what follows is published, and it is answered for', async () => {
    const { under, bus, stop } = fixture()
    let killed = false
    const worker = recorded(async (shard) => {
      // The server may have forgotten that it delivered the job; what follows must come from the first time.
      if (shard !== 0 || killed) return []
      killed = true
      await under.kill()
      void under.resume()
      return [writeJob(1)]
    })
    void bus.consume('write', worker, stop.signal)
    await bus.publishJob(writeJob(0))
    await worker.until(() => worker.deliveries.some(({ shard }) => shard === 1))
    await allDone(bus, 'write')
    expect(worker.failures).toEqual([])
  })

  test('consumers make the streams anew where its data are lost', async () => {
    const { under, bus, stop } = fixture()
    const worker = recorded()
    const consuming = bus.consume('write', worker, stop.signal)
    await under.kill()
    await under.resume({ loseData: true })
    await publishAll(await under.connect(), 1)
    await worker.until(() => worker.deliveries.length === 1)
    stop.abort()
    await consuming
  })

  test('a consumer stops, and close() resolves, while it is gone', async () => {
    const { under, bus, stop } = fixture()
    const consuming = bus.consume('write', recorded(), stop.signal)
    await under.kill()
    stop.abort()
    await consuming
    await bus.close()
  })
}

/** Publishes jobs one after the other, each until the bus has it. */
async function publishAll(bus: Bus, jobs: number): Promise<void> {
  for (let shard = 0; shard < jobs; ) {
    try {
      await bus.publishJob(writeJob(shard))
      shard++
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'bus/unavailable') throw error
      await new Promise(setImmediate)
    }
  }
}
