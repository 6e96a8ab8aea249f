import { z } from 'zod'

/** Id of a profile, run or batch, as the API gives it out. */
export const resourceId = z.string().regex(/^[a-z0-9_-]{1,100}$/, 'an id is 1 to 100 of a-z, 0-9, _ and -')
