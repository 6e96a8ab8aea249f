import { z } from 'zod'

/**
 * Names one ledger whatever its address: a digest of its tenant and its first batch; `urn:stella:ledger:empty` as of revision 0.
 * A ledger that was thrown away and filled anew has another.
 */
export const ledgerId = z.string().regex(/^urn:stella:ledger:([0-9a-f]{64}|empty)$/)
