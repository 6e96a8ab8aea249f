import { createHash } from 'node:crypto'

import type { LedgerEnd } from '@stella/contracts'
import type { LedgerPage, LedgerState } from '@stella/db'

/** What the lines of a stream come from. */
export interface RecordLines {
  readonly state: LedgerState
  readonly after: string | null
  readonly limit: number
  /** The next page: at most `limit` records after a key. */
  readonly page: (after: string | null, limit: number) => Promise<LedgerPage>
}

/**
 * The chunks of a ledger stream: pages of lines, then the line that says that they are complete. Each page is read when its chunk is
 * asked for. Source: docs/formats/ledger-stream.md.
 */
export async function* recordLines({ state, after, limit, page }: RecordLines): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let cursor = after
  let records = 0
  let last = false
  while (!last && records < limit) {
    const read = await page(cursor, limit - records)
    records += read.records
    cursor = read.lastKey ?? cursor
    last = read.last
    if (read.records === 0) break
    const chunk = Buffer.from(read.lines)
    hash.update(chunk)
    yield chunk
  }
  const { ledger, revision } = state
  const end = { ledger, revision, records, next_cursor: last ? null : cursor, sha256: hash.digest('hex') }
  yield Buffer.from(`${JSON.stringify({ end } satisfies LedgerEnd)}\n`)
}
