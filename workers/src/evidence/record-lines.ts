import { createHash } from 'node:crypto'

import {
  type LedgerEnd,
  type LedgerLineHead,
  ledgerEnd,
  ledgerLineHead,
  MAX_LEDGER_LINE_BYTES,
} from '@stella/contracts'

import { invalidEvidence } from './evidence-problem.ts'

const LINE_FEED = 10
const RECORD_MEMBER = ',"record":'

/** What lines are handed to, several whole ones at a time. */
export type LineSink = (lines: Buffer) => Promise<void>

/**
 * Takes the chunks of one ledger stream: hands whole lines on, keeps the last one back, and knows at the end whether all came. Holds what
 * belongs to two lines and a chunk at most. Source: docs/formats/ledger-stream.md.
 */
export class RecordLines {
  readonly #hash = createHash('sha256')
  readonly #sink: LineSink
  #parts: Buffer[] = []
  #heldBytes = 0
  #last: Buffer | null = null
  /** Lines handed on. */
  records = 0

  constructor(sink: LineSink) {
    this.#sink = sink
  }

  /** @throws `evidence/invalid` for a line over `MAX_LEDGER_LINE_BYTES` */
  async push(bytes: Uint8Array): Promise<void> {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#parts.push(chunk)
    this.#heldBytes += chunk.length
    if (chunk.includes(LINE_FEED)) await this.#handOn()
    if (this.#heldBytes > 2 * MAX_LEDGER_LINE_BYTES) throw invalidEvidence('a line of its stream has no end')
  }

  /** All lines but the last whole one, which may be the end. */
  async #handOn(): Promise<void> {
    const held = this.#parts.length === 1 ? (this.#parts[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#parts)
    const end = held.lastIndexOf(LINE_FEED)
    const cut = end === 0 ? 0 : held.lastIndexOf(LINE_FEED, end - 1) + 1
    this.#parts = [held.subarray(cut)]
    this.#heldBytes = held.length - cut
    if (cut === 0) return
    const lines = held.subarray(0, cut)
    this.#hash.update(lines)
    for (let at = lines.indexOf(LINE_FEED); at >= 0; at = lines.indexOf(LINE_FEED, at + 1)) this.records++
    this.#last = lines.subarray(lines.lastIndexOf(LINE_FEED, lines.length - 2) + 1)
    await this.#sink(lines)
  }

  /** Key of the last line that was handed on: where to go on after a cut. @throws `evidence/invalid` */
  lastKey(): string | null {
    return this.#last === null ? null : headOf(this.#last).key
  }

  /** The end of a stream that came whole. @throws `evidence/invalid` where its end is missing, or says something else than came */
  end(): LedgerEnd['end'] {
    const line = Buffer.concat(this.#parts)
    const parsed = ledgerEnd.safeParse(jsonOf(line.toString()))
    if (line.indexOf(LINE_FEED) !== line.length - 1 || !parsed.success) {
      throw invalidEvidence('its stream ends without the line that says so')
    }
    const { end } = parsed.data
    if (end.records !== this.records || end.sha256 !== this.#hash.digest('hex')) {
      throw invalidEvidence('its stream does not hold what its last line says')
    }
    return end
  }
}

/** What stands before the record in a line. @throws `evidence/invalid` */
export function headOf(line: Buffer): LedgerLineHead {
  const at = line.indexOf(RECORD_MEMBER)
  const parsed = ledgerLineHead.safeParse(at < 0 ? undefined : jsonOf(`${line.toString('utf8', 0, at)}}`))
  if (!parsed.success) throw invalidEvidence('a line of its stream is in another form', parsed.error)
  return parsed.data
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
