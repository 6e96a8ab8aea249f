import { z } from 'zod'

import { type ProblemCode, problems } from './problem.ts'

/** A problem as the API answers it (RFC 9457, section 3.1): `code` is for programs, `detail` for people. */
export const problemBody = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]),
})
/** A problem as the API answers it. */
export type ProblemBody = z.infer<typeof problemBody>
