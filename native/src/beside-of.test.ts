import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from 'vitest'

import { besideOf } from './beside-of.ts'

const folder = mkdtempSync(join(tmpdir(), 'stella-beside-'))
const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

/** A process in the midst of its work, and the folder of it. */
async function working(): Promise<{ child: ChildProcess; scratch: string }> {
  const compiled = new URL('../dist/index.js', import.meta.url).href
  const script = `const { besideOf } = await import(process.argv[2])
    await besideOf(process.argv[1], (scratch) => { console.log(scratch); return new Promise(() => setInterval(() => {}, 1000)) })`
  const words = ['--input-type=module', '--eval', script, join(folder, 'out'), compiled]
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, scratch: line.toString().trim() }
}

test('a folder is there for the work alone, and goes with it however it ends', async () => {
  const scratch = await besideOf(join(folder, 'out'), async (place) => {
    expect(existsSync(place)).toBe(true)
    return place
  })
  await expect(besideOf(join(folder, 'out'), () => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
  expect([existsSync(scratch), readdirSync(folder)]).toEqual([false, []])
})

test('what a process left that was killed is removed by the next; what one works with, and what is no such folder, is not', async () => {
  const [killed, alive] = [await working(), await working()]
  mkdirSync(join(folder, '.stella-other'))
  // Its removal was begun, and killed.
  const begun = join(folder, '.stella-begun')
  mkdirSync(join(begun, 'tree'), { recursive: true })
  writeFileSync(join(begun, 'lock'), '')
  const ended = once(killed.child, 'exit')
  killed.child.kill('SIGKILL')
  await ended
  expect(existsSync(killed.scratch)).toBe(true)
  await besideOf(join(folder, 'out'), async () => undefined)
  const there = [killed.scratch, begun, alive.scratch, join(folder, '.stella-other')].map((path) => existsSync(path))
  expect(there).toEqual([false, false, true, true])
})
