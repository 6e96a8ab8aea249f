import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

import type { JobStep } from '@stella/contracts'
import { connect } from 'nats'
import { describe, expect, test } from 'vitest'

import { type Bus, type BusLogEntry, busLimits } from './bus.ts'
import { busFaultsSuite } from './bus-faults-suite.ts'
import { busSuite } from './bus-suite.ts'
import { allDone, type BusUnderTest, recorded, writeJob } from './bus-under-test.ts'
import { connectBus } from './connect-bus.ts'
import { eventLogSuite } from './event-log-suite.ts'
import { NatsServerProcess, natsServerProgram } from './nats-server-process.ts'

const absent = natsServerProgram() === null
if (absent) console.warn('skipped: tests of the message bus: prepare a NATS server with: node deploy/setup/main.mjs')

describe.skipIf(absent && !process.env.CI)('JetStream', () => {
  busSuite('jetstream-bus', () => busUnderTest())
  busFaultsSuite('jetstream-bus', () => busUnderTest())
  eventLogSuite('jetstream-bus', () => busUnderTest())

  describe('a worker process that is killed', () => {
    test('leaves its job to another, until its deliveries are spent', async () => {
      const server = await NatsServerProcess.start()
      const limits = { ...busLimits, ackWaitMs: 400, heartbeatMs: 100, maxDeliveries: 2 }
      const bus = await connectBus(server.url, { log: () => undefined, limits })
      await bus.ensureStreams()
      await bus.publishJob(writeJob(0))
      for (const attempt of [1, 2]) {
        const child = hangingWorker(server.url, limits)
        expect(await firstLine(child)).toBe(`attempt ${attempt}`)
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
      const worker = recorded()
      const stop = new AbortController()
      const consuming = bus.consume('write', worker, stop.signal)
      await worker.until(() => worker.failures.length === 1)
      await allDone(bus, 'write')
      expect(worker).toMatchObject({ deliveries: [], failures: [{ shard: 0, code: 'run/attempts-exhausted' }] })
      stop.abort()
      await consuming
      await bus.close()
      await server.dispose()
    })
  })

  test('connectBus() takes credentials from its URL, and refuses wrong ones', async () => {
    const server = await NatsServerProcess.start('--user', 'stella', '--pass', 'p@ss')
    const withUser = (user: string) => server.url.replace('//', `//${user}@`)
    const bus = await connectBus(withUser('stella:p%40ss'), { log: () => undefined })
    await bus.check()
    await bus.close()
    const refused = connectBus(withUser('stella:secret'), { log: () => undefined })
    await expect(refused).rejects.toMatchObject({ code: 'config/invalid' })
    await expect(refused).rejects.not.toThrow('secret')
    await server.dispose()
  })
})

test('connectBus() names what is supported when the URL is of another kind', async () => {
  for (const url of ['', 'localhost:4222', 'http://localhost', 'nats://', 'nats://a,amqp://b']) {
    const refused = connectBus(url, { log: () => undefined })
    await expect(refused, url).rejects.toMatchObject({ code: 'config/invalid', message: /nats:\/\/host:port/ })
  }
})

async function busUnderTest(): Promise<BusUnderTest> {
  const server = await NatsServerProcess.start()
  const open: Bus[] = []
  const logged: BusLogEntry[] = []
  return {
    logged,
    async connect(limits = {}) {
      const bus = await connectBus(server.url, {
        log: (entry) => logged.push(entry),
        limits: { ...busLimits, ...limits },
      })
      open.push(bus)
      return bus
    },
    publishGarbage: (step, text) => publishGarbage(server.url, step, text),
    events: () => keptEvents(server.url),
    kill: () => server.kill(),
    async resume({ loseData } = { loseData: false }) {
      if (loseData) server.loseStore()
      await server.resume()
    },
    async close() {
      await Promise.all(open.map((bus) => bus.close()))
      await server.dispose()
    },
  }
}

async function publishGarbage(url: string, step: JobStep, text: string): Promise<void> {
  const connection = await connect({ servers: url })
  await connection.jetstream().publish(`export.jobs.${step}`, text)
  await connection.close()
}

async function keptEvents(url: string): ReturnType<BusUnderTest['events']> {
  const connection = await connect({ servers: url })
  const { streams } = await connection.jetstreamManager()
  const { state } = await streams.info('EXPORT_EVENTS')
  const events = []
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const { subject, header, data } = await streams.getMessage('EXPORT_EVENTS', { seq })
    events.push({ subject, contentType: header.get('Content-Type'), event: JSON.parse(Buffer.from(data).toString()) })
  }
  await connection.close()
  return events
}

/** A worker process, on the compiled package, that takes one job, says so, and never finishes it. */
function hangingWorker(url: string, limits: object): ChildProcess {
  const source = `
    import { connectBus } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)}
    const bus = await connectBus(${JSON.stringify(url)}, { log: () => undefined, limits: ${JSON.stringify(limits)} })
    const handle = (_, { attempt }) => new Promise(() => console.log('attempt ' + attempt))
    await bus.consume('write', { handle, failed: async () => undefined }, new AbortController().signal)`
  return spawn(process.execPath, ['--input-type=module', '--eval', source], { stdio: ['ignore', 'pipe', 'inherit'] })
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('the worker has no output')
  const [text] = await once(child.stdout, 'data')
  return String(text).trim()
}
