import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'

import { MAX_DOWNLOAD_ATTEMPTS } from '@stella/contracts'
import { afterEach, expect, test } from 'vitest'

import { partOf } from './download-bundle.ts'
import { stella, testFolder } from './testing/captured-shell.ts'
import { type Routes, runWith, sendJson, serveApi } from './testing/local-api.ts'

const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251))
const sha256 = createHash('sha256').update(bytes).digest('hex')
const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

async function serveBundle(download: (request: IncomingMessage, response: ServerResponse) => void, stated = sha256) {
  const ranges: (string | undefined)[] = []
  const run = runWith({ state: 'succeeded', bundle: { size: bytes.length, sha256: stated } })
  const routes: Routes = {
    'GET /export/runs/run_1': (_, response) => sendJson(response, 200, run),
    'GET /export/keys': (_, response) => sendJson(response, 200, { keys: [] }),
    'GET /export/runs/run_1/download': (request, response) => {
      ranges.push(request.headers.range)
      download(request, response)
    },
  }
  const server = await serveApi(routes)
  open.push(server)
  const folder = testFolder()
  const file = join(folder, 'bundle.tar.zst')
  const part = partOf(file, { sha256: stated })
  const outcome = (...options: string[]) =>
    stella(['export', 'run', 'download', 'run_1', '--out', file, '--json', ...options], { folder, url: server.url })
  return { ranges, file, part, outcome }
}

/** As RFC 9110 has it: 206 from the byte asked for, where `If-Range` names these bytes. */
function sendRange(request: IncomingMessage, response: ServerResponse): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  if (from === 0 || request.headers['if-range'] !== `"${sha256}"`) return void response.writeHead(200).end(bytes)
  response
    .writeHead(206, { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` })
    .end(bytes.subarray(from))
}

test('run download writes the bundle and removes the part', async () => {
  const { file, part, outcome } = await serveBundle(sendRange)
  const { code, stdout } = await outcome()

  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual({ run_id: 'run_1', path: file, size: bytes.length, sha256 })
  expect(readFileSync(file).equals(bytes)).toBe(true)
  expect(existsSync(part)).toBe(false)
})

test('run download goes on from the part of an earlier attempt', async () => {
  const { ranges, file, part, outcome } = await serveBundle(sendRange)
  writeFileSync(part, bytes.subarray(0, 40_000))

  expect((await outcome()).code).toBe(0)
  expect(ranges).toEqual(['bytes=40000-'])
  expect(readFileSync(file).equals(bytes)).toBe(true)
})

test('run download, twice at once to one file, leaves the bundle', async () => {
  const { file, part, outcome } = await serveBundle((request, response) => {
    const begin = bytes.subarray(0, bytes.length / 2)
    response.writeHead(200).write(begin, () => setImmediate(() => response.end(bytes.subarray(begin.length))))
    request.resume()
  })
  const outcomes = await Promise.all([outcome(), outcome(), outcome()])

  expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0])
  expect(readFileSync(file).equals(bytes)).toBe(true)
  expect(existsSync(part)).toBe(false)
})

test('run download leaves the part of another bundle alone', async () => {
  const { ranges, file, outcome } = await serveBundle(sendRange)
  const others = [`${file}.part`, partOf(file, { sha256: 'f'.repeat(64) })]
  for (const other of others) writeFileSync(other, Buffer.alloc(40_000, 'x'))

  expect((await outcome()).code).toBe(0)
  expect(ranges).toEqual([undefined])
  expect(readFileSync(file).equals(bytes)).toBe(true)
  expect(others.map(existsSync)).toEqual([true, true])
})

test.each([{ id: '../../x' }, { bundle: { size: 1, sha256: '../../x' } }])(
  'run download refuses an answer that would name a path: %j',
  async (changes) => {
    const run = runWith({ state: 'succeeded', bundle: { size: bytes.length, sha256 }, ...changes })
    const server = await serveApi({ 'GET /export/runs/run_1': (_, response) => sendJson(response, 200, run) })
    open.push(server)
    const { code, stderr } = await stella(['export', 'run', 'download', 'run_1'], {
      folder: testFolder(),
      url: server.url,
    })
    expect(code).toBe(8)
    expect(stderr).toContain('cannot be read')
  },
)

test('run download fetches nothing that is there, and replaces another file by --force alone', async () => {
  const { ranges, file, outcome } = await serveBundle(sendRange)
  writeFileSync(file, bytes)
  expect((await outcome()).code).toBe(0)
  expect(ranges).toEqual([])
  writeFileSync(file, 'of mine')
  const { code, stderr } = await outcome()
  expect([code, readFileSync(file, 'utf8')]).toEqual([2, 'of mine'])
  expect(stderr).toContain('--force')
  expect((await outcome('--force')).code).toBe(0)
  expect(readFileSync(file).equals(bytes)).toBe(true)
})

test('run download asks for nothing where the part is whole', async () => {
  const { ranges, part, outcome } = await serveBundle(sendRange)
  writeFileSync(part, bytes)

  expect((await outcome()).code).toBe(0)
  expect(ranges).toEqual([])
})

test('run download goes on after a connection that broke', async () => {
  let attempts = 0
  const { ranges, file, outcome } = await serveBundle((request, response) => {
    attempts += 1
    if (attempts > 1) return sendRange(request, response)
    response.writeHead(200, { 'content-length': bytes.length })
    response.write(bytes.subarray(0, 70_000), () => response.destroy())
  })
  const { code, stderr } = await outcome()

  expect(code).toBe(0)
  expect(stderr).toContain('trying again')
  expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=\d+-$/)])
  expect(readFileSync(file).equals(bytes)).toBe(true)
})

test('run download that is cut at one byte each time names it, and says how to have the bundle checked', async () => {
  const { ranges, outcome } = await serveBundle((request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const head = {
      'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
      'content-length': bytes.length - from,
    }
    response.writeHead(from === 0 ? 200 : 206, head)
    response.flushHeaders()
    response.write(bytes.subarray(from, 70_000), () => response.destroy())
  })
  const { code, stderr } = await outcome()

  expect(code).toBe(8)
  expect(stderr).toContain('at byte 70000 each time')
  expect(stderr).toContain('stella export run verify run_1')
  // A connection that ends so may lose what is on its way: one cut may come before the four.
  expect(ranges.slice(-3)).toEqual(Array.from({ length: 3 }, () => 'bytes=70000-'))
  expect(ranges.length).toBeLessThan(MAX_DOWNLOAD_ATTEMPTS)
})

test('run download does not try again where the bundle is damaged in the store', async () => {
  const { ranges, outcome } = await serveBundle((_, response) =>
    sendJson(response, 500, { code: 'blob/altered', detail: 'what is stored is not what was written' }),
  )
  const { code, stderr } = await outcome()
  expect(code).toBe(6)
  expect(stderr).toContain('stella export reproduce')
  expect(ranges).toHaveLength(1)
})

test('run download starts afresh where the server ignores the range', async () => {
  const { file, part, outcome } = await serveBundle((_, response) => response.writeHead(200).end(bytes))
  writeFileSync(part, 'of something else')

  expect((await outcome()).code).toBe(0)
  expect(readFileSync(file).equals(bytes)).toBe(true)
})

test('run download exits with 6 on another digest and leaves nothing', async () => {
  const { file, part, outcome } = await serveBundle((_, response) => response.writeHead(200).end(bytes), 'f'.repeat(64))
  const { code, stdout, stderr } = await outcome()

  expect({ code, stdout }).toEqual({ code: 6, stdout: '' })
  expect(stderr).toContain('cannot be trusted')
  expect([existsSync(file), existsSync(part)]).toEqual([false, false])
})

test('run download exits with 6 where the server sends more than it states', async () => {
  const { file, outcome } = await serveBundle((_, response) =>
    response.writeHead(200).end(Buffer.alloc(bytes.length + 1)),
  )
  expect((await outcome()).code).toBe(6)
  expect(existsSync(file)).toBe(false)
})

test('run download does not try again what the server refuses', async () => {
  const { ranges, outcome } = await serveBundle((_, response) =>
    sendJson(response, 409, { code: 'run/not-finished', detail: 'run run_1 is writing' }),
  )
  const { code, stderr } = await outcome()
  expect(code).toBe(8)
  expect(stderr).toContain('run run_1 is writing')
  expect(ranges).toHaveLength(1)
})
