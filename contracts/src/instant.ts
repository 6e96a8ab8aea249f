import { z } from 'zod'

const FIRST = Date.parse('0001-01-01T00:00:00Z')
const LAST = Date.parse('9999-12-31T23:59:59.999Z')

/** An RFC 3339 time with an offset, within the years 1 to 9999 in UTC and to the millisecond: what every part that reads it can hold. */
export const instant = z.iso
  .datetime({ offset: true })
  .refine((text) => Date.parse(text) >= FIRST && Date.parse(text) <= LAST, 'a time lies in the years 0001 to 9999')
  .refine((text) => /(?:Z|[+-](?:0\d|1[0-5]):\d\d)$/i.test(text), 'the offset of a time is under 16 hours')
  .refine((text) => !/\.\d{4}/.test(text), 'a time is given to the millisecond at most')
