import { z } from 'zod'

/** Where a bundle can be fetched from the object store itself, and what its bytes must be: the store does not say. */
export const bundleUrl = z.strictObject({
  url: z.url().describe('Needs no token; a secret until it expires.'),
  expires_at: z.iso.datetime(),
  size: z.int(),
  sha256: z.string().describe('SHA-256 that the bytes must have, in hexadecimal.'),
})
/** A place to fetch a bundle from. */
export type BundleUrl = z.infer<typeof bundleUrl>
