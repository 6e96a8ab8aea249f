import { Problem } from '@stella/contracts'
import { type SQL, sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'

import { decodeCursor } from './page-cursor.ts'

/** Key of a row of a list that is ordered by time of creation, then id: what a cursor holds. */
export function timeKey({ createdAt, id }: { readonly createdAt: string; readonly id: string }): string[] {
  return [createdAt, id]
}

/**
 * Condition that holds for the rows after a cursor in a list that begins with the newest.
 * @throws `request/invalid` for a cursor that cannot be read
 */
export function olderThan(cursor: string, { createdAt, id }: { createdAt: AnyPgColumn; id: AnyPgColumn }): SQL {
  const [time = '', last = ''] = decodeCursor(cursor, 2)
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(time) || Number.isNaN(Date.parse(time)))
    throw new Problem('request/invalid', 'the cursor holds no time: take it from next_cursor of the page before')
  return sql`(${createdAt}, ${id}) < (${time}::timestamptz, ${last})`
}
