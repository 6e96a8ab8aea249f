import { Problem } from '@stella/contracts'

/** Where a page of a list ended, as an opaque name: base64url of the key of its last row. */
export function encodeCursor(key: readonly string[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

/**
 * The key in a cursor, of exactly `length` strings.
 * @throws `request/invalid` for a text that `encodeCursor` did not make
 */
export function decodeCursor(cursor: string, length: number): string[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (Array.isArray(key) && key.length === length && key.every(isKeyPart)) return key
  } catch (error) {
    throw refused(error)
  }
  throw refused()
}

/** The whole number that is the key in a cursor. @throws `request/invalid` for any other text */
export function decodeNumberCursor(cursor: string): number {
  const [text = ''] = decodeCursor(cursor, 1)
  if (!/^\d{1,15}$/.test(text)) throw refused()
  return Number(text)
}

/** A page of at most `limit` rows out of one more than that, and the cursor of the next page. */
export function pageOfRows<Row, Item>(
  rows: readonly Row[],
  { limit, keyOf, itemOf }: { limit: number; keyOf: (row: Row) => string[]; itemOf: (row: Row) => Item },
): Page<Item> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return { items: shown.map(itemOf), nextCursor: rows.length > limit && last ? encodeCursor(keyOf(last)) : null }
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
  return new Problem('request/invalid', 'the cursor cannot be read: take it from next_cursor of the page before', {
    cause,
  })
}
