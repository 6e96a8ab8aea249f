import {
  bundlePaths,
  type EncryptedFiles,
  type Encryption,
  type ExportFile,
  type ExportManifest,
  MAX_MANIFEST_BYTES,
  MAX_SIGNATURE_BYTES,
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

const COMPRESSED = '.zst'

/** Path of a file where it lies encrypted: what comes out of decrypting is zstd, and is named so. */
function encryptedPath(path: string, { scheme }: Pick<EncryptedFiles, 'scheme'>): string {
  return `${path}${path.endsWith(COMPRESSED) ? '' : COMPRESSED}${suffixes[scheme]}`
}

/** True for what may be the path of an encrypted file. */
export function isEncryptedPath(path: string, { scheme }: Pick<EncryptedFiles, 'scheme'>): boolean {
  return path.endsWith(`${COMPRESSED}${suffixes[scheme]}`)
}

/** Paths of the encrypted data files of a mirror, in byte order, by the files that its manifest names. */
export function encryptedPathsOf(files: readonly ExportFile[], list: EncryptedFiles): string[] {
  const encrypted = files.filter((file) => isEncryptedFile(file, list))
  return encrypted.map(({ path }) => encryptedPath(path, list)).sort(byteOrder)
}

/** A file to decrypt: its path in the mirror, and most bytes that it may have there. */
export interface FileToDecrypt {
  readonly path: string
  readonly maxBytes: number
}

/** The manifest of a mirror that is encrypted strictly: it is decrypted first, since it bounds what the other files may come to. */
export const manifestToDecrypt: FileToDecrypt = { path: bundlePaths.manifest, maxBytes: MAX_MANIFEST_BYTES }

/**
 * The encrypted files of a mirror, but its manifest: those that this names have the sizes that it states, and what else describes a mirror that of the
 * largest signature at most. Null where the list is not of these files.
 */
export function filesToDecrypt({ content }: ExportManifest, list: EncryptedFiles): FileToDecrypt[] | null {
  const listed = new Set(list.files.map(({ path }) => path))
  const isListed = ({ path }: Pick<FileToDecrypt, 'path'>) => listed.has(encryptedPath(path, list))
  const described = describing.map((path) => ({ path, maxBytes: MAX_SIGNATURE_BYTES })).filter(isListed)
  const data = content.files.filter((file) => isEncryptedFile(file, list))
  const files = [...data.map(({ path, size }) => ({ path, maxBytes: size })), ...(list.strict ? described : [])]
  const paths = new Set(files.map(({ path }) => encryptedPath(path, list)))
  const isOfThese = files.every(isListed) && paths.size === files.length && paths.size === listed.size
  return isOfThese ? files.filter(({ path }) => path !== manifestToDecrypt.path) : null
}

/** The bytes of `signatures/encrypted.json`: canonical JSON (RFC 8785) and one line feed. Source: docs/formats/encryption.md. */
export function encodeEncryptedFiles(list: EncryptedFiles): Buffer {
  const files = inByteOrder(list.files, ({ path }) => path)
  if (list.scheme !== 'age-x25519') return encodeJson({ ...list, files })
  return encodeJson({ ...list, recipients: list.recipients.toSorted(byteOrder), files })
}
