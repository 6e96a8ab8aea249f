import { z } from 'zod'

/** Where a bundle goes besides the object store: nowhere, it is downloaded. */
export const distribution = z.strictObject({ type: z.literal('download') })
