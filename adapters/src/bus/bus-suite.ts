import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'

import { Problem, runEvent } from '@stella/contracts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Bus } from './bus.ts'
import { allDone, type BusUnderTest, recorded, writeJob } from './bus-under-test.ts'

/** Something that a test waits for. */
interface Gate {
  readonly opened: Promise<void>
  open(): void
}

/** What every driver of a bus must do while nothing breaks. */
export function busSuite(driver: string, open: () => Promise<BusUnderTest>): void {
  describe(driver, () => {
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
    deliveries(fixture)
    outcomes(fixture)
    stopping(fixture)
    events(fixture)
  })
}

type Fixture = () => { under: BusUnderTest; bus: Bus; stop: AbortController }

function deliveries(fixture: Fixture): void {
  test('a job is handled once, and what follows from it goes to its own step', async () => {
    const { bus, stop } = fixture()
    const seal = { step: 'seal', message: { tenantId: 'acme', runId: 'run1' }, dedupeId: 'run1/seal' } as const
    const writer = recorded(async () => [seal])
    const sealed = gate()
    const handle = async () => {
      sealed.open()
      return []
    }
    void bus.consume('write', writer, stop.signal)
    void bus.consume('seal', { handle, failed: async () => undefined }, stop.signal)

    await bus.publishJob(writeJob(0))
    await bus.publishJob(writeJob(1))
    await sealed.opened
    await allDone(bus, 'write')
    await allDone(bus, 'seal')
    expect(writer.deliveries.map(({ shard, attempt }) => [shard, attempt])).toEqual([
      [0, 1],
      [1, 1],
    ])
  })

  test('ensureStreams() may run again and at once in many processes, and keeps jobs', async () => {
    const { under, bus } = fixture()
    await bus.publishJob(writeJob(0))
    const others = await Promise.all([under.connect(), under.connect()])
    await Promise.all([bus, ...others].map((each) => each.ensureStreams()))
    expect(await bus.pending('write')).toEqual({ pending: 1, inFlight: 0 })
    expect(await bus.pending('seal')).toEqual({ pending: 0, inFlight: 0 })
  })

  test('a second job of the same step and dedupeId is dropped; that of another step is not', async () => {
    const { bus } = fixture()
    for (let times = 0; times < 3; times++) await bus.publishJob(writeJob(0))
    await bus.publishJob({ step: 'seal', message: { tenantId: 'acme', runId: 'run1' }, dedupeId: 'run1/write/0' })
    expect((await bus.pending('write')).pending).toBe(1)
    expect((await bus.pending('seal')).pending).toBe(1)
  })

  test('oldestWaiting() says since when the next job to be delivered waits, of its step alone', async () => {
    const { bus, stop } = fixture()
    expect(await bus.oldestWaiting('write')).toBeNull()
    const before = Date.now()
    const oldest: (Date | null)[] = []
    const worker = recorded(async () => {
      oldest.push(await bus.oldestWaiting('write'))
      return []
    })
    for (const shard of [0, 1, 2]) await bus.publishJob(writeJob(shard))
    oldest.push(await bus.oldestWaiting('write'))
    expect(await bus.oldestWaiting('seal')).toBeNull()
    void bus.consume('write', worker, stop.signal)
    await worker.until(() => worker.deliveries.length === 3)
    await allDone(bus, 'write')

    expect(oldest.pop()).toBeNull()
    const times = oldest.map((time) => time?.getTime() ?? 0)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    for (const time of times) expect([time >= before, time <= Date.now()]).toEqual([true, true])
  })

  test('a job that takes longer than the server waits is delivered once while heartbeats come', async () => {
    const { under, stop } = fixture()
    const bus = await under.connect({ ackWaitMs: 500, heartbeatMs: 50 })
    await bus.ensureStreams()
    const worker = recorded(async () => pause(1500, []))
    for (let workers = 0; workers < 2; workers++) void bus.consume('write', worker, stop.signal)
    await bus.publishJob(writeJob(0))
    await worker.until(() => worker.deliveries.length > 0)
    await allDone(bus, 'write')
    expect(worker.deliveries).toHaveLength(1)
  })

  test('a job delivered to two workers at once ends once both are through', async () => {
    const { under, stop } = fixture()
    const bus = await under.connect({ ackWaitMs: 200, heartbeatMs: 60_000 })
    await bus.ensureStreams()
    const both = gate()
    const worker = recorded(async () => {
      if (worker.deliveries.length === 2) both.open()
      await both.opened
      return []
    })
    for (let workers = 0; workers < 2; workers++) void bus.consume('write', worker, stop.signal)
    await bus.publishJob(writeJob(0))
    await worker.until(() => worker.deliveries.length === 2)
    await allDone(bus, 'write')
    expect(worker.deliveries.map(({ attempt }) => attempt)).toEqual([1, 2])
  })
}

function outcomes(fixture: Fixture): void {
  test('a retryable failure comes back after pauses that double, and others go first', async () => {
    const { bus, stop } = fixture()
    const worker = recorded(async (shard, { attempt }) => {
      if (shard === 0 && attempt < 3) throw new Problem('blob/unavailable', 'not now')
      return []
    })
    await bus.publishJob(writeJob(0))
    await bus.publishJob(writeJob(1))
    void bus.consume('write', worker, stop.signal)
    await worker.until(() => worker.deliveries.length === 4)
    await allDone(bus, 'write')

    expect(worker.deliveries.map(({ shard, attempt }) => [shard, attempt])).toEqual([
      [0, 1],
      [1, 1],
      [0, 2],
      [0, 3],
    ])
    const [first, , second, third] = worker.deliveries.map(({ atMs }) => atMs) as [number, number, number, number]
    expect(second - first).toBeGreaterThan(240)
    expect(third - second).toBeGreaterThan(490)
    expect(worker.failures).toEqual([])
  })

  test('a failure that is not retryable ends the job with its code, and so does one of the last delivery', async () => {
    const { under, stop } = fixture()
    const bus = await under.connect({ maxDeliveries: 3, retryMs: 10 })
    const worker = recorded(async (shard) => {
      if (shard === 1) throw new Error('of an unknown kind')
      throw new Problem(shard === 0 ? 'record/schema-mismatch' : 'native/postgres', 'no')
    })
    for (const shard of [0, 1, 2]) await bus.publishJob(writeJob(shard))
    void bus.consume('write', worker, stop.signal)
    await worker.until(() => worker.failures.length === 3)
    await allDone(bus, 'write')

    const attempts = (of: number) => worker.deliveries.filter(({ shard }) => shard === of).map(({ attempt }) => attempt)
    expect([attempts(0), attempts(1), attempts(2)]).toEqual([[1], [1, 2, 3], [1, 2, 3]])
    expect(worker.failures.toSorted((a, b) => a.shard - b.shard)).toEqual([
      { shard: 0, code: 'record/schema-mismatch' },
      { shard: 1, code: 'internal' },
      { shard: 2, code: 'native/postgres' },
    ])
  })

  test('failed() that rejects is called again; beyond the last delivery the job itself is not', async () => {
    const { under, stop } = fixture()
    const bus = await under.connect({ maxDeliveries: 1, retryMs: 10 })
    const worker = recorded(
      async () => {
        throw new Problem('db/unavailable', 'gone')
      },
      async () => {
        if (worker.failures.length < 3) throw new Problem('db/unavailable', 'still gone')
      },
    )
    await bus.publishJob(writeJob(0))
    void bus.consume('write', worker, stop.signal)
    await worker.until(() => worker.failures.length === 3)
    await allDone(bus, 'write')
    expect(worker.deliveries).toHaveLength(1)
    expect(worker.failures.map(({ code }) => code)).toEqual([
      'db/unavailable',
      'run/attempts-exhausted',
      'run/attempts-exhausted',
    ])
  })

  test('a message that is no job is dropped with a log entry', async () => {
    const { under, bus, stop } = fixture()
    const worker = recorded()
    for (const text of ['', '{', '{"tenantId":"acme","runId":"run1"}', '[]']) await under.publishGarbage('write', text)
    await bus.publishJob(writeJob(7))
    void bus.consume('write', worker, stop.signal)
    await worker.until(() => worker.deliveries.length === 1)
    await allDone(bus, 'write')
    expect(worker.deliveries.map(({ shard }) => shard)).toEqual([7])
    const codes = under.logged.filter(({ severity }) => severity === 'error').map(({ err }) => err?.code)
    expect(codes).toEqual(Array(4).fill('request/invalid'))
  })
}

function stopping(fixture: Fixture): void {
  test('an idle consumer stops at once, and takes no job with it', async () => {
    const { bus, stop } = fixture()
    const worker = recorded()
    const consuming = bus.consume('write', worker, stop.signal)
    await bus.publishJob(writeJob(0))
    await worker.until(() => worker.deliveries.length === 1)
    await allDone(bus, 'write')
    const stoppedAt = performance.now()
    stop.abort()
    await consuming
    expect(performance.now() - stoppedAt).toBeLessThan(1000)

    await bus.publishJob(writeJob(1))
    // A server counts what waits a moment after it has stored it.
    await expect.poll(() => bus.pending('write'), { timeout: 5000 }).toEqual({ pending: 1, inFlight: 0 })
    await bus.consume('write', worker, stop.signal)
  })

  test('a job that is given up because its worker stops goes to another worker at once', async () => {
    const { under, bus, stop } = fixture()
    const leaving = new AbortController()
    const slow = recorded((_, { signal }) => pause(60_000, [], { signal }))
    const consuming = bus.consume('write', slow, leaving.signal)
    await bus.publishJob(writeJob(0))
    await slow.until(() => slow.deliveries.length === 1)
    const next = recorded()
    void (await under.connect()).consume('write', next, stop.signal)
    const leftAt = performance.now()
    leaving.abort()
    await consuming
    await next.until(() => next.deliveries.length === 1)
    expect(performance.now() - leftAt).toBeLessThan(2000)
    expect(next.deliveries[0]?.attempt).toBe(2)
    expect([...slow.failures, ...next.failures]).toEqual([])
  })

  test('close() waits for the job in hand, which may end well', async () => {
    const { under, bus } = fixture()
    const worker = recorded(async () => pause(200, [writeJob(1)]))
    const closing = await under.connect()
    void closing.consume('write', worker, new AbortController().signal)
    await bus.publishJob(writeJob(0))
    await worker.until(() => worker.deliveries.length === 1)
    await closing.close()
    expect(await bus.pending('write')).toEqual({ pending: 1, inFlight: 0 })
    await expect(closing.publishJob(writeJob(2))).rejects.toMatchObject({ code: 'bus/unavailable' })
    await closing.close()
  })
}

function events(fixture: Fixture): void {
  test('publishEvent() keeps one event by its id, under its tenant and type', async () => {
    const { under, bus } = fixture()
    const time = new Date('2026-01-01T00:00:00Z')
    const event = runEvent({ tenantId: 'acme', runId: 'run1', state: 'succeeded', time })
    await bus.publishEvent(event)
    await bus.publishEvent(event)
    const subject = 'export.events.acme.com.stella.export.run.succeeded.v1'
    expect(await under.events()).toEqual([{ subject, contentType: 'application/cloudevents+json', event }])

    for (const broken of [
      { ...event, type: 'a.>' },
      { ...event, data: { ...event.data, tenant_id: '*' } },
    ]) {
      await expect(bus.publishEvent(broken)).rejects.toMatchObject({ code: 'request/invalid' })
    }
  })
}

function gate(): Gate {
  const opening = new AbortController()
  const opened = once(opening.signal, 'abort').then(() => undefined)
  return { opened, open: () => opening.abort() }
}
