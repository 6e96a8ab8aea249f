import { z } from 'zod'

import { DEFAULT_PAGE_ROWS, MAX_CURSOR_CHARS, MAX_PAGE_ROWS } from './limits.ts'

/** Query of a list: how many rows, and where the page before it ended. */
export const pageQuery = z.strictObject({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_PAGE_ROWS)
    .default(DEFAULT_PAGE_ROWS)
    .describe('Most items of the page.'),
  cursor: z
    .string()
    .max(MAX_CURSOR_CHARS)
    .regex(/^[A-Za-z0-9_-]+$/)
    .optional()
    .describe('`next_cursor` of the page before; opaque.'),
})

/** A page of a list. `next_cursor` is null on the last one. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.strictObject({ items: z.array(item), next_cursor: z.string().nullable() })
}

/** A page whose items are not looked at. */
export const unreadPage = pageOf(z.unknown())
