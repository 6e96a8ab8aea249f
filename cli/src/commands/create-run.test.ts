import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Run, RunState } from '@stella/contracts'
import { afterEach, expect, test } from 'vitest'

import { stella, testFolder } from '../testing/captured-shell.ts'
import { runWith, sendJson, serveApi } from '../testing/local-api.ts'

const bundle = { size: 5, sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824' }
const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

/** Serves a run that is in the next of `states` each time it is asked for. */
async function serveRun(states: readonly RunState[], ended: Partial<Run> = {}, onPoll: () => void = () => undefined) {
  const left = [...states]
  const server = await serveApi({
    'POST /export/runs': (_, response) => sendJson(response, 202, runWith({})),
    'GET /export/runs/run_1': (_, response) => {
      const state = (left.length > 1 ? left.shift() : left[0]) ?? 'queued'
      sendJson(response, 200, runWith({ state, ...(left.length > 1 ? {} : ended) }))
      onPoll()
    },
    'GET /export/runs/run_1/download': (_, response) => response.end('hello'),
    'GET /export/keys': (_, response) => sendJson(response, 200, { keys: [] }),
  })
  open.push(server)
  return server.url
}

function create(url: string, folder: string, ...options: string[]) {
  return stella(['export', 'run', 'create', '--profile', 'prof_raw', ...options], { folder, url })
}

test('run create prints the run as the API returns it', async () => {
  const { code, stdout, stderr } = await create(await serveRun([]), testFolder(), '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(stdout)).toEqual(runWith({}))
})

test('run create --wait waits until the run has ended', async () => {
  const url = await serveRun(['planning', 'writing', 'succeeded'], { bundle })
  const { code, stdout, stderr } = await create(url, testFolder(), '--wait', '--json')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ id: 'run_1', state: 'succeeded' })
  expect(stderr).toContain('run run_1: writing')
})

test('run create --wait exits with 8 where the run failed, with its error class and message', async () => {
  const url = await serveRun(['failed'], { error_class: 'schema_mismatch', error_message: 'field x of record y' })
  const { code, stdout, stderr } = await create(url, testFolder(), '--wait', '--json')
  expect(code).toBe(8)
  expect(JSON.parse(stdout)).toMatchObject({ state: 'failed', error_class: 'schema_mismatch' })
  expect(stderr).toContain('schema_mismatch: field x of record y')
})

test('run create --wait exits with 8 where the run was cancelled', async () => {
  const { code, stderr } = await create(await serveRun(['cancelled']), testFolder(), '--wait')
  expect(code).toBe(8)
  expect(stderr).toContain('run run_1 did not succeed: it is cancelled')
})

test('run create --download waits and writes the bundle', async () => {
  const folder = testFolder()
  const file = join(folder, 'x.tar.zst')
  const { code, stdout } = await create(await serveRun(['succeeded'], { bundle }), folder, '--download', file, '--json')
  expect(code).toBe(0)
  expect(JSON.parse(stdout).bundle).toEqual(bundle)
  expect(readFileSync(file, 'utf8')).toBe('hello')
  expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([])
})

test('SIGINT during --wait leaves the run going, and says so', async () => {
  const interrupt = new AbortController()
  const url = await serveRun(['writing'], {}, () => interrupt.abort())
  const args = ['export', 'run', 'create', '--profile', 'prof_raw', '--wait']
  const { code, stderr } = await stella(args, { folder: testFolder(), url, signal: interrupt.signal })
  expect(code).toBe(130)
  expect(stderr).toContain('it goes on without this command')
  expect(stderr).toContain('run cancel run_1')
})

test.each([
  [401, 5],
  [403, 5],
  [404, 4],
  [400, 2],
  [409, 8],
  [500, 8],
])('an answer %i without a code of ours exits with %i', async (status, expected) => {
  const server = await serveApi({ 'POST /export/runs': (_, response) => response.writeHead(status).end('<html>') })
  open.push(server)
  expect((await create(server.url, testFolder())).code).toBe(expected)
})

test('a server that cannot be reached exits with 8 and says how to start one', async () => {
  const { code, stdout, stderr } = await create('http://127.0.0.1:1', testFolder())
  expect({ code, stdout }).toEqual({ code: 8, stdout: '' })
  expect(stderr).toContain('npm run dev')
  expect(stderr).toContain('STELLA_URL')
})

test('an answer that is not of the contract exits with 8', async () => {
  const server = await serveApi({ 'POST /export/runs': (_, response) => sendJson(response, 202, { id: 7 }) })
  open.push(server)
  const { code, stderr } = await create(server.url, testFolder())
  expect(code).toBe(8)
  expect(stderr).toContain('cannot be read')
})
