import type { PublicKey } from '@stella/contracts'

import { ABSENT, type ExportFault } from './export-fault.ts'
import { decodeSignature, verifyDigestSignature, verifySignature } from './verify-signature.ts'

/** A signed document and the file that holds its signature, as faults name them. */
export interface SignedPaths {
  readonly path: string
  readonly signaturePath: string
}

/** The key of `keys` that made the detached signature over a document, given whole or by its SHA-256, or null and what is wrong. */
export function verifyDetached(
  { path, signaturePath }: SignedPaths,
  signed: Uint8Array | { readonly sha256: string },
  { signatureBytes, keys }: { signatureBytes: Uint8Array | null; keys: readonly PublicKey[] },
): { keyId: string | null; faults: ExportFault[] } {
  if (!signatureBytes) return { keyId: null, faults: [{ path: signaturePath, reason: ABSENT }] }

  const signature = decodeSignature(signatureBytes)
  if (!signature) return { keyId: null, faults: [{ path: signaturePath, reason: 'it is not strict base64' }] }

  const key = keys.find(({ pem }) =>
    signed instanceof Uint8Array
      ? verifySignature({ pem, bytes: signed, signature })
      : verifyDigestSignature({ pem, sha256: signed.sha256, signature }),
  )
  if (key) return { keyId: key.id, faults: [] }
  const reason = `none of the ${keys.length} trusted keys made its signature: it or ${signaturePath} was altered, or another key signed`
  return { keyId: null, faults: [{ path, reason }] }
}
