import { z } from 'zod'

import { IDEMPOTENCY_KEY_MS, MAX_IDEMPOTENCY_KEY_CHARS } from '../limits.ts'

const HOUR_MS = 3600 * 1000
const inQuotes = /^"(.*)"$/

/** Request header of an endpoint that creates: a key of the caller's choice, bare or in quotes, which mean the same. */
export const idempotencyKey = z
  .string()
  .regex(
    new RegExp(`^([!#-~]{1,${MAX_IDEMPOTENCY_KEY_CHARS}}|"[ !#-~]{1,${MAX_IDEMPOTENCY_KEY_CHARS}}")$`),
    `an Idempotency-Key is 1 to ${MAX_IDEMPOTENCY_KEY_CHARS} visible characters of ASCII without a quotation mark`,
  )
  .overwrite((text) => text.replace(inQuotes, '$1'))
  .optional()
  .describe(
    `Makes a retry safe. The same key with the same request creates nothing again and gets the first answer, for ${IDEMPOTENCY_KEY_MS / HOUR_MS} hours at ` +
      'least; with another request it is refused. A request that failed did not use its key.',
  )

/** Header of an answer that was given before. */
export const idempotencyReplayed = z
  .literal('true')
  .optional()
  .describe('The Idempotency-Key was used before: this is the first answer again.')
