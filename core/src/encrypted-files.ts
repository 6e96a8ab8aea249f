import { ENCRYPTION_SCHEME, type EncryptedFiles, type ExportFile, mirrorReadmePath } from '@stella/contracts'

import { byteOrder, inByteOrder } from './byte-order.ts'
import { encodeJson } from './json-documents.ts'

/** What the path of an encrypted file has at its end. */
export const ENCRYPTED_SUFFIX = '.age'

/** What the list of encrypted files is made of. */
export interface EncryptedInputs {
  /** SHA-256 of `export.json`. */
  readonly manifestSha256: string
  readonly recipients: readonly string[]
  /** As they lie in the bundle. */
  readonly files: readonly ExportFile[]
}

/** True for a data file that an encrypted mirror holds encrypted: all but what is there for people to read. */
export function isEncryptedFile({ path }: Pick<ExportFile, 'path'>): boolean {
  return path !== mirrorReadmePath
}

/** Paths of the files of an encrypted mirror, in byte order, by the files that its manifest names. */
export function encryptedPathsOf(files: readonly ExportFile[]): string[] {
  const encrypted = files.filter(isEncryptedFile)
  return encrypted.map(({ path }) => `${path}${ENCRYPTED_SUFFIX}`).sort(byteOrder)
}

/** The bytes of `signatures/encrypted.json`: canonical JSON (RFC 8785) and one line feed. Source: docs/formats/encryption.md. */
export function encodeEncryptedFiles({ manifestSha256, recipients, files }: EncryptedInputs): Buffer {
  const list: EncryptedFiles = {
    schema_version: '1',
    manifest_sha256: manifestSha256,
    scheme: ENCRYPTION_SCHEME,
    recipients: recipients.toSorted(byteOrder),
    files: inByteOrder(files, ({ path }) => path),
  }
  return encodeJson(list)
}
