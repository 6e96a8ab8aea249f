import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockHome } from './home-lock.ts'
import { makeTestHome, type TestHome } from './testing/test-home.ts'

let home: TestHome
beforeEach(async () => {
  home = await makeTestHome()
})
afterEach(() => home.remove())

test('lockHome() refuses a folder that a live process holds, naming it, until it is given back', async () => {
  const release = await lockHome(home.dir)
  await expect(lockHome(home.dir)).rejects.toMatchObject({
    code: 'resource/conflict',
    message: expect.stringContaining(`process ${process.pid} already runs`),
  })
  await release()
  await (await lockHome(home.dir))()
})

test.each([
  ['a process that ended', JSON.stringify({ pid: 2 ** 22 - 1, start: '1' })],
  ['an earlier process of a live number', JSON.stringify({ pid: process.pid, start: 'earlier' })],
  ['a half-written lock', '{"pid"'],
])('lockHome() takes over from %s', async (_, content) => {
  await writeFile(join(home.dir, 'lock'), content)
  await (await lockHome(home.dir))()
})
