import { z } from 'zod'

/** A strong entity tag (RFC 9110, section 8.8.3), as answers carry it. */
export const etag = z
  .string()
  .regex(/^"[!#-~]+"$/)
  .describe('Strong entity tag: equal tags, equal bytes.')

/** Request headers of an endpoint whose answer need not be sent again. */
export const ifNoneMatch = z
  .string()
  .max(4096)
  .optional()
  .describe('Entity tags that the caller holds, or `*`: where one is current the answer is 304, without a body.')

/** Request header of an endpoint that changes a resource only in the state that its caller saw (RFC 9110, section 13.1.1). */
export const ifMatch = z.string().max(4096).describe('ETag that the resource was read with, or `*`; without it 428.')
