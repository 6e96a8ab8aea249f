import { mediaTypes } from '@stella/contracts'

import { canonicalJson } from './canonical-json.ts'
import { parseJson } from './json-documents.ts'

/** A signed payload, as a Sigstore bundle carries it. */
export interface SignedPayload {
  readonly payload: Uint8Array
  readonly payloadType: string
  /** Id of the signing key: an unauthenticated hint, for a verifier that holds several. */
  readonly keyId: string
  /** Over `dssePreAuthEncoding(payloadType, payload)`; ECDSA in DER. */
  readonly signature: Uint8Array
}

/**
 * A Sigstore bundle v0.3 around a DSSE envelope with its one signature: canonical JSON and one line feed.
 * Source: sigstore/protobuf-specs, `sigstore_bundle.proto` (Bundle, VerificationMaterial), `envelope.proto`.
 */
export function sigstoreBundle({ payload, payloadType, keyId, signature }: SignedPayload): Buffer {
  const bundle = canonicalJson({
    mediaType: mediaTypes.sigstoreBundle,
    verificationMaterial: { publicKey: { hint: keyId } },
    dsseEnvelope: {
      payload: base64(payload),
      payloadType,
      // Empty: verifiers skip a signature whose key id they would have made in another way. Some of them need the member.
      signatures: [{ keyid: '', sig: base64(signature) }],
    },
  })
  return Buffer.from(`${bundle}\n`)
}

/**
 * What `sigstoreBundle` wrote, or null: for text that is not canonical, for a field more or less than it writes, for base64 with
 * stray characters or bits. So every byte of a bundle that is read here counts.
 */
export function readSigstoreBundle(bytes: Uint8Array): SignedPayload | null {
  const bundle = parseJson(bytes)
  const [payload, payloadType, keyId, signature] = [
    ['dsseEnvelope', 'payload'],
    ['dsseEnvelope', 'payloadType'],
    ['verificationMaterial', 'publicKey', 'hint'],
    ['dsseEnvelope', 'signatures', '0', 'sig'],
  ].map((path) => textAt(bundle, path))
  if (payload == null || payloadType == null || keyId == null || signature == null) return null

  const signed = {
    payload: Buffer.from(payload, 'base64'),
    payloadType,
    keyId,
    signature: Buffer.from(signature, 'base64'),
  }
  return sigstoreBundle(signed).equals(bytes) ? signed : null
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function textAt(value: unknown, path: readonly string[]): string | null {
  let at: unknown = value
  for (const name of path) {
    if (typeof at !== 'object' || at === null) return null
    at = Object.getOwnPropertyDescriptor(at, name)?.value
  }
  return typeof at === 'string' ? at : null
}
