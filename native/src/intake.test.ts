import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { openIntake } from './intake.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stella-intake-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('openIntake() gives a COPY BINARY stream, and a summary after its end', async () => {
  const intake = openIntake(await upload('lines', `${advisory('A')}\n{"id": }\n${advisory('B')}\n`))
  expect(() => intake.summary()).toThrow('cannot summarize an intake')

  const stream = Buffer.concat(await collected(intake.rows))
  expect(stream.subarray(0, 19).toString('latin1')).toBe('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0')
  expect(stream.subarray(-2)).toEqual(Buffer.from([0xff, 0xff]))
  expect(stream.includes('{"id":"B","modified":"2024-01-01T00:00:00Z"}')).toBe(true)
  intake.cancel()
  expect(intake.summary()).toEqual({
    read: 3,
    refused: [{ source: 'stdin:2', position: '2:8', reason: 'expected value' }],
    notHeld: [],
    notHeldMore: false,
  })
})

test('openIntake() gives the same bytes whatever the number of threads', async () => {
  const documents = Array.from({ length: 5000 }, (_, number) => advisory(`DOC-${number}`)).join('\n')
  const options = await upload('many', documents)
  const [one, four] = await Promise.all(
    [1, 4].map(async (threads) => Buffer.concat(await collected(openIntake({ ...options, threads }).rows))),
  )
  expect(one && four && one.equals(four)).toBe(true)
})

test('each failure has its problem code', async () => {
  const options = await upload('refused', '{}\n{}\n')
  const failed = (change: Partial<typeof options>) => collected(openIntake({ ...options, ...change }).rows)
  await expect(failed({ path: join(folder, 'absent') })).rejects.toMatchObject({ code: 'native/io' })
  await expect(failed({ path: folder })).rejects.toMatchObject({ code: 'native/io' })
  await expect(failed({ maxRefused: 1 })).rejects.toMatchObject({ code: 'ingest/too-many-refused' })

  const cancelled = openIntake(options)
  cancelled.cancel()
  await expect(collected(cancelled.rows)).rejects.toMatchObject({ code: 'native/cancelled' })
})

test('leaving the rows early stops the intake', async () => {
  const intake = openIntake(await upload('long', `${advisory('A')}\n`.repeat(100_000)))
  for await (const chunk of intake.rows) {
    expect(chunk.length).toBeGreaterThanOrEqual(1 << 20)
    break
  }
  expect(() => intake.summary()).toThrow('cannot summarize an intake')
})

function mappingOf(id: string) {
  return readFileSync(createRequire(import.meta.url).resolve(`@stella/contracts/mappings/${id}.json`), 'utf8')
}

function advisory(id: string) {
  return JSON.stringify({ id, modified: '2024-01-01T00:00:00Z' })
}

async function upload(name: string, content: string) {
  const path = join(folder, name)
  await writeFile(path, content)
  const limits = {
    format: 'auto',
    maxDocumentBytes: 1 << 20,
    maxDepth: 128,
    maxArchiveEntries: 100,
    maxDecompressedBytes: 1 << 30,
    maxCompressionRatio: 200,
    ratioFreeBytes: 1 << 20,
    maxArchiveNesting: 2,
    maxZstdWindowLog: 27,
    maxRefused: 100,
    maxNotHeld: 100,
    advisoryMapping: mappingOf('osv-1.7'),
    vexMapping: mappingOf('openvex-0.2.0'),
    threads: 2,
  }
  return { path, sourceName: 'stdin', sourceUri: null, ...limits }
}

async function collected(rows: AsyncIterable<Buffer>) {
  const chunks: Buffer[] = []
  for await (const chunk of rows) chunks.push(chunk)
  return chunks
}
