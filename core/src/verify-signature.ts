import { createPublicKey, type KeyObject, verify } from 'node:crypto'

import { p256 } from '@noble/curves/nist.js'
import { Problem, type PublicKey } from '@stella/contracts'

import { isLowS } from './ecdsa-low-s.ts'
import { publicKeyId } from './public-key-id.ts'

/** What a signature claims: that the holder of the key of `pem` signed `bytes`. */
export interface SignatureClaim {
  /** SubjectPublicKeyInfo in PEM. */
  readonly pem: string
  readonly bytes: Uint8Array
  /** ECDSA: the DER form of RFC 3279, section 2.2.3, with the low `s`. Ed25519: the 64 bytes of RFC 8032. */
  readonly signature: Uint8Array
}

/**
 * True where the signature is good. The key decides the algorithm: P-256 means ECDSA over SHA-256 (FIPS 186-5), Ed25519 is
 * taken over the bytes themselves (RFC 8032, section 5.1). Of the two forms that every ECDSA signature has, only the one with the
 * low `s` is taken, so that nobody without the key can change the bytes of a signature.
 * @throws `request/invalid` where `pem` is no public key, or one of another kind
 */
export function verifySignature({ pem, bytes, signature }: SignatureClaim): boolean {
  const { key, algorithm } = readKey(pem)
  return algorithm === 'ed25519'
    ? verify(null, bytes, key, signature)
    : isLowS(signature) && verify('sha256', bytes, { key, dsaEncoding: 'der' }, signature)
}

/** As `SignatureClaim`, of bytes whose SHA-256 is known. */
export type DigestClaim = Omit<SignatureClaim, 'bytes'> & {
  /** 64 hexadecimal characters. */
  readonly sha256: string
}

/**
 * True where an ECDSA signature over bytes of this SHA-256 is good: for files that are too large to be read again. Ed25519 signs the
 * bytes themselves, so that it is never true of such a key.
 * @throws `request/invalid` where `pem` is no public key, or one of another kind
 */
export function verifyDigestSignature({ pem, sha256, signature }: DigestClaim): boolean {
  const { key, algorithm } = readKey(pem)
  if (algorithm === 'ed25519' || !isLowS(signature)) return false
  const { x = '', y = '' } = key.export({ format: 'jwk' })
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  return p256.verify(signature, Buffer.from(sha256, 'hex'), point, { prehash: false, format: 'der' })
}

/**
 * The public key that a PEM text holds, with the id that the service gives it: the SHA-256 of its SubjectPublicKeyInfo in DER.
 * A private key is refused, so that none is ever passed around by mistake.
 * @throws `request/invalid` where `pem` is no public key, or neither P-256 nor Ed25519
 */
export function readPublicKey(pem: string): PublicKey {
  const { key, algorithm } = readKey(pem)
  return { id: publicKeyId(pem), algorithm, pem: key.export({ type: 'spki', format: 'pem' }).toString() }
}

/** Text of a detached signature file: base64 (RFC 4648, section 4) and one line feed. */
export function encodeSignature(signature: Uint8Array): string {
  return `${Buffer.from(signature).toString('base64')}\n`
}

/** The signature that such a file holds; null where the text is anything but its one right form. The line feed may be absent. */
export function decodeSignature(text: Uint8Array): Buffer | null {
  const given = Buffer.from(text).toString('latin1').replace(/\n$/, '')
  const signature = Buffer.from(given, 'base64')
  // Buffer skips characters that are no base64, and spare bits: only the way back shows whether there were any.
  return signature.length > 0 && signature.toString('base64') === given ? signature : null
}

function readKey(pem: string): { key: KeyObject; algorithm: PublicKey['algorithm'] } {
  if (pem.includes('PRIVATE KEY')) {
    throw new Problem('request/invalid', 'the key cannot be used: it is a private key; give the public one')
  }
  const key = parsePem(pem)
  if (key.asymmetricKeyType === 'ed25519') return { key, algorithm: 'ed25519' }
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') {
    return { key, algorithm: 'ecdsa-p256-sha256' }
  }
  throw new Problem('request/invalid', 'the key cannot be used: only P-256 and Ed25519 keys are known')
}

function parsePem(pem: string): KeyObject {
  try {
    return createPublicKey({ key: pem, format: 'pem', type: 'spki' })
  } catch (cause) {
    throw new Problem('request/invalid', 'the key cannot be used: it is no public key in PEM', { cause })
  }
}
