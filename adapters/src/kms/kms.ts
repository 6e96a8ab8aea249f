import type { PublicKey } from '@stella/contracts'

/** A detached signature, and the key that made it. */
export interface Signature {
  /** Id of the public key that verifies it. */
  readonly keyId: string
  readonly algorithm: PublicKey['algorithm']
  /** ECDSA: DER, as openssl and cosign read it (RFC 3279, section 2.2.3), with the low `s`. Ed25519: 64 bytes (RFC 8032). */
  readonly signature: Buffer
}

/** Where the service's signing key is kept. The key itself never leaves it. */
export interface Kms {
  /** Every key that signs or signed, the current one first. @throws `kms/refused` */
  publicKeys(): Promise<PublicKey[]>

  /** Signs bytes, or those of a stream, with the current key; ECDSA signs their SHA-256. @throws `kms/refused` · what the stream throws */
  sign(bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<Signature>
}
