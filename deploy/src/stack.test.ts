import { afterAll, beforeAll, expect, test } from 'vitest'
import { startOf } from './process-identity.ts'
import type { Supervised } from './supervise.ts'
import { startTestStack, type TestStack } from './testing/test-stack.ts'

let stack: TestStack
beforeAll(async () => {
  stack = await startTestStack({ workers: 2 })
}, 120_000)
afterAll(() => stack?.stop())

function allProcesses({ processes }: TestStack): Supervised[] {
  const { postgres, nats, gateway, workers } = processes
  return [postgres, nats, gateway, ...workers].filter((part) => part !== undefined)
}

test('startStack() starts each process again when it is killed, at the same address', async () => {
  const address = stack.url
  for (const part of allProcesses(stack)) {
    const before = part.pid
    await part.kill()
    expect(await part.running(), part.name).not.toBe(before)
    await stack.ready()
  }
  expect(stack.url).toBe(address)
  const token = await stack.token({ tenant: 'default', roles: ['Export.Viewer'] })
  const response = await fetch(`${address}/export/runs`, { headers: { authorization: `Bearer ${token}` } })
  expect(response.status).toBe(200)
})

test('stop() leaves no process, and may be called twice', async () => {
  const pids = allProcesses(stack).map(({ pid }) => pid)
  expect(pids).toHaveLength(5)
  await stack.stop()
  await stack.stop()
  expect(pids.filter((pid) => startOf(pid) !== undefined)).toEqual([])
})
