import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { withLock } from './lock.mjs'

let dir
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'stella-lock-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

test('withLock() lets one process in at a time', async () => {
  const script = `
    import { appendFile } from 'node:fs/promises'
    import { setTimeout as delay } from 'node:timers/promises'
    const { withLock } = await import(${JSON.stringify(new URL('./lock.mjs', import.meta.url).href)})
    await withLock(${JSON.stringify(join(dir, 'lock'))}, async () => {
      await appendFile(${JSON.stringify(join(dir, 'trace'))}, 'in ')
      await delay(50)
      await appendFile(${JSON.stringify(join(dir, 'trace'))}, 'out ')
    })`
  const processes = [1, 2, 3].map(() => spawn(process.execPath, ['--input-type=module', '-e', script]))
  const ends = await Promise.all(processes.map((child) => once(child, 'exit')))
  expect(ends.map(([code]) => code)).toEqual([0, 0, 0])
  expect(await readFile(join(dir, 'trace'), 'utf8')).toBe('in out in out in out ')
})

test('withLock() takes over from a process that is gone, and from one killed before it wrote its name', async () => {
  const lock = join(dir, 'lock')
  await mkdir(lock)
  await writeFile(join(lock, 'owner.json'), JSON.stringify({ pid: process.pid, start: 'earlier' }))
  await withLock(lock, () => appendFile(join(dir, 'trace'), 'first '))

  await mkdir(lock)
  await utimes(lock, 0, 0)
  await withLock(lock, () => appendFile(join(dir, 'trace'), 'second'))
  expect(await readFile(join(dir, 'trace'), 'utf8')).toBe('first second')
})
