import {
  bundlePaths,
  type EncryptedFiles,
  type Encryption,
  type ExportFile,
  mirrorPaths,
  mirrorReadmePath,
} from '@stella/contracts'

import { byteOrder, inByteOrder } from './byte-order.ts'
import { encodeJson } from './json-documents.ts'

/** What the path of an encrypted file has at its end, by how it is encrypted. */
const suffixes: Readonly<Record<EncryptedFiles['scheme'], string>> = {
  'age-x25519': '.age',
  'aes256-gcm-hkdf-1mb': '.enc',
}

/** How a profile encrypts; null where it doesn't. */
export function encryptionScheme(encryption: Encryption | undefined): EncryptedFiles['scheme'] | null {
  if (!encryption) return null
  return encryption.kms_key === undefined ? 'age-x25519' : 'aes256-gcm-hkdf-1mb'
}

/** Files that describe a mirror. They are readable unless it is encrypted strictly. */
const describing: readonly string[] = [...Object.values(bundlePaths), ...Object.values(mirrorPaths)]

/** How much of a mirror is encrypted. */
type Extent = Pick<Encryption, 'strict'>

/** True for a file of a mirror that is encrypted where the mirror is: all data files but what is there for people to read; all files where strictly. */
export function isEncryptedFile({ path }: Pick<ExportFile, 'path'>, { strict }: Extent): boolean {
  return strict || (path !== mirrorReadmePath && !describing.includes(path))
}

/** Path of an encrypted file when it is decrypted; null for what is no path of one. */
export function decryptedPath(path: string, { scheme }: Pick<EncryptedFiles, 'scheme'>): string | null {
  const suffix = suffixes[scheme]
  return path.endsWith(suffix) && path.length > suffix.length ? path.slice(0, -suffix.length) : null
}

/** Paths of the encrypted data files of a mirror, in byte order, by the files that its manifest names. */
export function encryptedPathsOf(files: readonly ExportFile[], list: EncryptedFiles): string[] {
  const encrypted = files.filter((file) => isEncryptedFile(file, list))
  return encrypted.map(({ path }) => `${path}${suffixes[list.scheme]}`).sort(byteOrder)
}

/** The bytes of `signatures/encrypted.json`: canonical JSON (RFC 8785) and one line feed. Source: docs/formats/encryption.md. */
export function encodeEncryptedFiles(list: EncryptedFiles): Buffer {
  const files = inByteOrder(list.files, ({ path }) => path)
  if (list.scheme !== 'age-x25519') return encodeJson({ ...list, files })
  return encodeJson({ ...list, recipients: list.recipients.toSorted(byteOrder), files })
}
