import { z } from 'zod'

import { MAX_FAULTS } from './limits.ts'
import { resourceId } from './resource-id.ts'

/** What a verification of a stored export found. */
export const verificationVerdict = z.strictObject({
  ok: z.boolean(),
  /** The key that signed; null where none of the service's did. */
  key_id: z.string().nullable(),
  content_root: z.string().nullable(),
  /** What is wrong, sorted by path. */
  faults: z.array(z.strictObject({ path: z.string(), reason: z.string() })).max(MAX_FAULTS),
})
/** What a verification of a stored export found. */
export type VerificationVerdict = z.infer<typeof verificationVerdict>

/** States of a verification: `failed` says that it could not be done, not that the export is unsound. */
export const verificationStates = ['requested', 'completed', 'failed'] as const

/** A verification of a stored export, as the API returns it. */
export const verification = z.strictObject({
  id: resourceId,
  run_id: resourceId,
  state: z.enum(verificationStates),
  verdict: verificationVerdict.nullable(),
  error_class: z.string().nullable(),
  error_message: z.string().nullable(),
  created_by: z.string(),
  created_at: z.iso.datetime(),
  finished_at: z.iso.datetime().nullable(),
})
/** A verification of a stored export, as the API returns it. */
export type Verification = z.infer<typeof verification>
