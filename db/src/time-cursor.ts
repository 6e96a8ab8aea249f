import { Problem } from '@stella/contracts'
import { type SQL, sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'

import { decodeCursor, type ListName } from './page-cursor.ts'

/** Key of a row of a list that is ordered by time of creation, then id: what a cursor holds. */
export function timeKey({ createdAt, id }: { readonly createdAt: string; readonly id: string }): string[] {
  return [createdAt, id]
}

/**
 * Condition that holds for the rows after a cursor in a list that begins with the newest.
 * @throws `request/invalid` for a cursor that cannot be read
 */
export function olderThan(
  list: ListName,
  cursor: string,
  { createdAt, id }: { createdAt: AnyPgColumn; id: AnyPgColumn },
): SQL {
  const [time = '', last = ''] = decodeCursor(list, cursor, 2)
  if (!isInstant(time))
    throw new Problem('request/invalid', 'the cursor holds no time: take it from next_cursor of the page before')
  return sql`(${createdAt}, ${id}) < (${time}::timestamptz, ${last})`
}

/** True of a time as the database writes it; it has no year 0 and no 30th of February. */
function isInstant(text: string): boolean {
  const time = new Date(text)
  return !text.startsWith('0000') && !Number.isNaN(time.getTime()) && time.toISOString() === text
}
