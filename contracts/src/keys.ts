import { z } from 'zod'

/** A public key of the service. `id` is the SHA-256 of its SubjectPublicKeyInfo in DER, in hexadecimal. */
export const publicKey = z.strictObject({
  id: z.string(),
  algorithm: z.enum(['ecdsa-p256-sha256', 'ed25519']),
  pem: z.string(),
})
/** A public key of the service. */
export type PublicKey = z.infer<typeof publicKey>

/** Answer of `GET /export/keys`: every key that signed or signs, the current one first. */
export const publicKeys = z.strictObject({ keys: z.array(publicKey) })
