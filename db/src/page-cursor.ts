import { Problem } from '@stella/contracts'

/** Lists whose pages have cursors. */
export type ListName = 'audit' | 'ingests' | 'profiles' | 'revisions' | 'runs' | 'verifications'

/** Where a page of a list ended, as an opaque name: base64url of the list's name and the key of its last row. */
export function encodeCursor(list: ListName, key: readonly string[]): string {
  return Buffer.from(JSON.stringify([list, ...key])).toString('base64url')
}

/**
 * The key in a cursor of a list, of exactly `length` strings.
 * @throws `request/invalid` for a text that `encodeCursor` did not make of that list
 */
export function decodeCursor(list: ListName, cursor: string, length: number): string[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    const isKey = Array.isArray(key) && key.length === length + 1 && key[0] === list && key.every(isKeyPart)
    if (isKey) return key.slice(1)
  } catch (error) {
    throw refused(error)
  }
  throw refused()
}

/** The whole number that is the key in a cursor. @throws `request/invalid` for any other text */
export function decodeNumberCursor(list: ListName, cursor: string): number {
  const [text = ''] = decodeCursor(list, cursor, 1)
  if (!/^\d{1,15}$/.test(text)) throw refused()
  return Number(text)
}

/** A page of at most `limit` rows out of one more than that, and the cursor of the next page. */
export function pageOfRows<Row, Item>(
  rows: readonly Row[],
  { list, limit, keyOf, itemOf }: PageShape<Row, Item>,
): Page<Item> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return { items: shown.map(itemOf), nextCursor: rows.length > limit && last ? encodeCursor(list, keyOf(last)) : null }
}

interface PageShape<Row, Item> {
  readonly list: ListName
  readonly limit: number
  readonly keyOf: (row: Row) => string[]
  readonly itemOf: (row: Row) => Item
}

/** A page of a list; `nextCursor` is null on the last one. */
export interface Page<Item> {
  readonly items: Item[]
  readonly nextCursor: string | null
}

function isKeyPart(part: unknown): part is string {
  return typeof part === 'string' && !part.includes('\0')
}

function refused(cause?: unknown): Problem {
  return new Problem(
    'request/invalid',
    'the cursor is none of this list: take it from next_cursor of the page before',
    {
      cause,
    },
  )
}
