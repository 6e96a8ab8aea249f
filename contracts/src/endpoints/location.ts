import { z } from 'zod'

/** Header of an answer that names what was made (RFC 9110, section 10.2.2). */
export const location = z.string().regex(/^\//).describe('Path of what was made.')
