import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startOf } from '../process-identity.ts'
import { crashable } from '../testing/crashable.ts'
import { natsWire } from '../testing/nats-wire.ts'
import { makeTestHome, type TestHome } from '../testing/test-home.ts'
import { startNats } from './nats.ts'

let home: TestHome
beforeAll(async () => {
  home = await makeTestHome()
})
afterAll(() => home.remove())

test('startNats() keeps messages over kill -9 and can take its port again; stop leaves no process', async () => {
  const dataDir = join(home.dir, 'with blank')
  const first = await startNats({ dataDir })
  const before = await natsWire(first.url)
  await before.request(
    '$JS.API.STREAM.CREATE.KEPT',
    JSON.stringify({ name: 'KEPT', subjects: ['kept'], storage: 'file' }),
  )
  for (let n = 1; n <= 100; n++) expect(await before.request('kept', String(n))).toMatchObject({ seq: n })
  before.close()
  process.kill(first.pid, 'SIGKILL')
  expect(await first.exited).toBe('signal SIGKILL')

  const second = await startNats({ dataDir, port: first.port })
  expect(second.url).toBe(first.url)
  const after = await natsWire(second.url)
  expect(await after.request('$JS.API.STREAM.INFO.KEPT')).toMatchObject({ state: { messages: 100 } })
  after.close()

  await second.stop()
  expect(startOf(second.pid)).toBeUndefined()
})

test('startNats() refuses who does not know the password', async () => {
  const server = await startNats({ dataDir: join(home.dir, 'guarded') })
  await expect(natsWire(`nats://127.0.0.1:${server.port}`)).rejects.toThrow('Authorization Violation')
  await server.stop()
})

test('a NATS server whose starter is killed by kill -9 ends, and the next start waits for it', async () => {
  const dataDir = join(home.dir, 'orphaned')
  const starter = await crashable('nats', dataDir)
  starter.kill()
  const next = await startNats({ dataDir })
  expect(startOf(starter.serverPid)).toBeUndefined()
  await next.stop()
})

test('startNats() tells the end of the log when its port is taken', async () => {
  const holder = await startNats({ dataDir: join(home.dir, 'holder') })
  await expect(startNats({ dataDir: join(home.dir, 'late'), port: holder.port })).rejects.toMatchObject({
    code: 'config/invalid',
    message: expect.stringContaining('address already in use'),
  })
  await holder.stop()
})
