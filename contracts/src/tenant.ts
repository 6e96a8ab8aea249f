import { z } from 'zod'

/** A tenant's id: 1 to 63 of `a-z`, `0-9` and `-`, not beginning with `-`; safe in a path, a subject and a query. */
export const tenantId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a tenant is 1 to 63 of a-z, 0-9 and -')
