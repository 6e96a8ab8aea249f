import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'

import type { Ingest } from '@stella/contracts'
import { extract } from 'tar-stream'
import { afterEach, expect, test } from 'vitest'

import { stella, testFolder } from '../testing/captured-shell.ts'
import { sendJson, serveApi } from '../testing/local-api.ts'

const summary = {
  revision: 1,
  read: 2,
  new: 2,
  changed: 0,
  unchanged: 0,
  refused: [],
  not_held: [],
  not_held_more: false,
}
const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

/** Serves a batch that answers with `ended`, and gathers what is sent. */
async function serveIngest(ended: Partial<Ingest>) {
  const sent: { url: string; type: string | undefined; body: Buffer }[] = []
  const batch: Ingest = {
    id: 'ing_1',
    state: 'received',
    summary: null,
    error_class: null,
    error_message: null,
    created_at: '2025-01-31T00:00:00Z',
    finished_at: null,
  }
  const server = await serveApi({
    'POST /ledger/ingest': async (request, response) => {
      const body = Buffer.concat(await request.toArray())
      sent.push({ url: request.url ?? '', type: request.headers['content-type'], body })
      sendJson(response, 202, batch)
    },
    'GET /ledger/ingests/ing_1': (_, response) => sendJson(response, 200, { ...batch, state: 'completed', ...ended }),
  })
  open.push(server)
  return { url: server.url, sent }
}

async function namesOf(tar: Buffer): Promise<string[]> {
  const names: string[] = []
  for await (const member of Readable.from([tar]).pipe(extract() as never) as AsyncIterable<never>) {
    const { header, resume } = member as { header: { name: string }; resume(): void }
    names.push(header.name)
    resume.call(member)
  }
  return names
}

test('ingest sends files and folders as one tar, and prints the summary', async () => {
  const folder = testFolder()
  mkdirSync(join(folder, 'evidence'))
  writeFileSync(join(folder, 'evidence', 'b.json'), '{}')
  writeFileSync(join(folder, 'evidence', 'a.json'), '{}')
  const { url, sent } = await serveIngest({ summary })
  const args = ['ingest', join(folder, 'evidence'), '--source-uri', 'https://osv.example/all', '--strict', '--json']
  const { code, stdout } = await stella(args, { folder, url })

  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual(summary)
  expect(sent[0]?.type).toBe('application/x-tar')
  expect(sent[0]?.url).toBe('/ledger/ingest?source_uri=https%3A%2F%2Fosv.example%2Fall&strict=true')
  const prefix = join(folder, 'evidence').slice(1)
  expect(await namesOf(sent[0]?.body ?? Buffer.alloc(0))).toEqual([`${prefix}/a.json`, `${prefix}/b.json`])
})

test('ingest - sends standard input as it is', async () => {
  const { url, sent } = await serveIngest({ summary })
  const { code } = await stella(['ingest', '-'], { folder: testFolder(), url, input: '{"id":"x"}\n' })
  expect(code).toBe(0)
  expect(sent.map(({ body }) => body.toString())).toEqual(['{"id":"x"}\n'])
})

test('ingest names what most documents say and no record carries', async () => {
  const paths = Array.from({ length: 12 }, (_, at) => ({ format: 'CSAF', path: `/${at}`, documents: at + 1 }))
  const { url } = await serveIngest({ summary: { ...summary, not_held: paths } })
  const { stdout } = await stella(['ingest', '-'], { folder: testFolder(), url, input: '{}' })
  expect(stdout.trim().split('\n')).toEqual([
    'revision 1: 2 read, 2 new, 0 changed, 0 unchanged, 0 refused',
    'in the documents as received, but in no record:',
    ...paths
      .toReversed()
      .slice(0, 10)
      .map(({ path, documents }) => `  CSAF ${path} (${documents})`),
    '  … and 2 more, see --json',
  ])
})

test('ingest names at most 20 refused documents, and exits with 0', async () => {
  const refused = Array.from({ length: 25 }, (_, at) => ({ source: `${at}.json`, position: '1:1', reason: 'no JSON' }))
  const { url } = await serveIngest({ summary: { ...summary, refused } })
  const { code, stdout } = await stella(['ingest', '-'], { folder: testFolder(), url, input: '{}' })
  expect(code).toBe(0)
  expect(stdout.trim().split('\n')).toEqual([
    'revision 1: 2 read, 2 new, 0 changed, 0 unchanged, 25 refused',
    ...refused.slice(0, 20).map(({ source }) => `  ${source}:1:1: no JSON`),
    '  … and 5 more, see --json',
  ])
})

test('ingest exits with 8 where nothing could be read, and where the batch failed', async () => {
  const refused = [{ source: 'a.json', position: '1:1', reason: 'no JSON' }]
  const nothing = { ...summary, read: 1, new: 0, refused }
  for (const ended of [
    { summary: nothing },
    { state: 'failed' as const, summary: nothing, error_class: 'ingest_refused' },
  ]) {
    const { url } = await serveIngest(ended)
    const { code, stdout } = await stella(['ingest', '-', '--json'], { folder: testFolder(), url, input: '{}' })
    expect(code).toBe(8)
    expect(JSON.parse(stdout).refused).toEqual(refused)
  }
})

test('ingest exits with 8 where there is nothing to read, and prints the empty summary for programs', async () => {
  const folder = testFolder()
  const { url, sent } = await serveIngest({ summary })
  for (const [path, reason] of [
    ['-', 'standard input is empty'],
    [folder, `there is no file in ${folder}`],
  ] as const) {
    const { code, stdout, stderr } = await stella(['ingest', path, '--json'], { folder, url })
    expect(code).toBe(8)
    expect(JSON.parse(stdout)).toEqual({ ...summary, revision: 0, read: 0, new: 0 })
    expect(stderr).toContain(`stella: nothing to read: ${reason}`)
    expect((await stella(['ingest', path], { folder, url })).stdout).toBe('')
  }
  expect(sent).toEqual([])
})

test('ingest exits with 2 where standard input is mixed with paths, and with 4 for a path that is absent', async () => {
  expect((await stella(['ingest', '-', '/tmp'], { folder: testFolder() })).code).toBe(2)
  expect((await stella(['ingest', '/nowhere'], { folder: testFolder() })).code).toBe(4)
  expect((await stella(['ingest', '/tmp', '--format', 'csv'], { folder: testFolder() })).code).toBe(2)
})
