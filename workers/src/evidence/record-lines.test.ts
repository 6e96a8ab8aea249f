import { createHash } from 'node:crypto'

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { RecordLines } from './record-lines.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

function line(key: string, record = '{}'): string {
  const head = {
    kind: 'vex',
    key,
    revision: 1,
    modified: null,
    source: 's',
    artifact_sha256: sha256('a'),
    body_sha256: sha256(record),
  }
  return `${JSON.stringify(head).slice(0, -1)},"record":${record}}\n`
}

function stream(lines: string[]): Buffer {
  const text = lines.join('')
  const end = {
    ledger: 'urn:stella:ledger:empty',
    revision: 1,
    records: lines.length,
    next_cursor: null,
    sha256: sha256(text),
  }
  return Buffer.from(`${text}${JSON.stringify({ end })}\n`)
}

async function read(chunks: Buffer[]) {
  const seen: Buffer[] = []
  const lines = new RecordLines(async (given) => void seen.push(Buffer.from(given)))
  for (const chunk of chunks) await lines.push(chunk)
  return { lines, text: Buffer.concat(seen).toString() }
}

describe('RecordLines', () => {
  const records = fc.array(fc.record({ key: fc.string(), text: fc.string({ unit: 'grapheme', maxLength: 300 }) }), {
    maxLength: 12,
  })

  test('hands on every line and finds the end, however the bytes are cut', async () => {
    const cuts = fc.array(fc.nat({ max: 5000 }), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(records, cuts, async (given, at) => {
        const all = given.map(({ key, text }) => line(key, JSON.stringify({ text })))
        const bytes = stream(all)
        const places = [0, ...at.filter((place) => place < bytes.length).sort((a, b) => a - b), bytes.length]
        const chunks = places.slice(1).map((place, index) => bytes.subarray(places[index], place))
        const { lines, text } = await read(chunks)
        expect(text).toBe(all.join(''))
        expect(lines.records).toBe(all.length)
        expect(lines.end().records).toBe(all.length)
        expect(lines.lastKey()).toBe(given.at(-1)?.key ?? null)
      }),
    )
  })

  test('of a stream that was cut anywhere is to be gone on with after the last line that was handed on', async () => {
    const all = ['a', 'b', 'c'].map((key) => line(key))
    const bytes = stream(all)
    for (let cut = 0; cut < bytes.length; cut++) {
      const { lines, text } = await read([bytes.subarray(0, cut)])
      expect(text).toBe(all.slice(0, lines.records).join(''))
      expect(lines.lastKey()).toBe([null, 'a', 'b', 'c'][lines.records])
      expect(() => lines.end()).toThrow(/without the line/)
    }
  })
})
