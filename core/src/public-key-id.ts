import { createHash, createPublicKey } from 'node:crypto'

import { Problem } from '@stella/contracts'

/**
 * Id of a public key: SHA-256 of its SubjectPublicKeyInfo in DER (RFC 5280, section 4.1.2.7), in hexadecimal. How its PEM text is
 * wrapped does not matter.
 * @throws `request/invalid` for text that is not a public key in PEM
 */
export function publicKeyId(pem: string): string {
  try {
    return createHash('sha256')
      .update(createPublicKey(pem).export({ type: 'spki', format: 'der' }))
      .digest('hex')
  } catch (cause) {
    throw new Problem('request/invalid', 'the public key cannot be read: give it in PEM', { cause })
  }
}
