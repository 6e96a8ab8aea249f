import { createHash } from 'node:crypto'

import {
  bundlePaths,
  type EncryptedFiles,
  type ExportFile,
  type ExportManifest,
  encryptedFiles,
  encryptedPaths,
  type PublicKey,
} from '@stella/contracts'

import { byteOrder } from './byte-order.ts'
import { encryptedPathsOf, isEncryptedFile, isEncryptedPath } from './encrypted-files.ts'
import { ABSENT, type ExportFault } from './export-fault.ts'
import { readJson } from './json-documents.ts'
import { isMerged } from './merged-manifest.ts'
import { verifyDetached } from './verify-detached.ts'

/** What is looked at of an encrypted mirror besides. */
export interface EncryptedEvidence {
  readonly manifestBytes: Uint8Array | null
  readonly encryptedBytes: Uint8Array | null
  readonly encryptedSignatureBytes: Uint8Array | null
  readonly keys: readonly PublicKey[]
}

/** What was found. */
export interface EncryptedVerdict {
  /** The list; null where it cannot be read. */
  readonly list: EncryptedFiles | null
  /** The files that must lie in the bundle for those that the manifest names, null where the list cannot be read. */
  readonly files: readonly ExportFile[] | null
  /** The key that signed the list. */
  readonly keyId: string | null
  readonly faults: readonly ExportFault[]
}

/**
 * Judges the list of the encrypted files of a mirror: its signature and form, that it is of this manifest, and names what this names. Where the mirror
 * is encrypted strictly there is no manifest to read. The files themselves are compared with the list by `compareFiles`; what they hold, nobody can
 * tell without a key.
 */
export function verifyEncrypted(manifest: ExportManifest | null, evidence: EncryptedEvidence): EncryptedVerdict {
  const { encryptedBytes, encryptedSignatureBytes, keys } = evidence
  const path = encryptedPaths.list
  if (!encryptedBytes) return { list: null, files: null, keyId: null, faults: [{ path, reason: ABSENT }] }
  const paths = { path, signaturePath: encryptedPaths.signature }
  const { keyId, faults } = verifyDetached(paths, encryptedBytes, { signatureBytes: encryptedSignatureBytes, keys })
  const read = readJson(encryptedFiles, { path, name: 'list of encrypted files', bytes: encryptedBytes })
  const list = read.faults.length === 0 ? read.document : null
  if (!list) return { list, files: null, keyId, faults: [...faults, ...read.faults] }
  const ofManifest = manifest && !list.strict ? contentFaults(list, manifest, evidence) : []
  const reasons = [...formFaults(list), ...ofManifest]
  const readable = manifest?.content.files.filter((file) => !isEncryptedFile(file, list)) ?? []
  return {
    list,
    files: [...readable, ...list.files],
    keyId,
    faults: [...faults, ...reasons.map((reason) => ({ path, reason }))],
  }
}

function formFaults(list: EncryptedFiles): string[] {
  const paths = list.files.map(({ path }) => path)
  const isSorted = list.scheme !== 'age-x25519' || isAscending(list.recipients)
  const checks: [boolean, string][] = [
    [isSorted, 'its recipients are not sorted, each once'],
    [isAscending(paths), 'its files are not sorted, each once'],
    [paths.every((path) => isEncryptedPath(path, list)), 'it names a file that is none of its scheme'],
  ]
  return checks.flatMap(([isSound, reason]) => (isSound ? [] : [reason]))
}

function contentFaults(list: EncryptedFiles, manifest: ExportManifest, { manifestBytes }: EncryptedEvidence): string[] {
  const sha256 = createHash('sha256')
    .update(manifestBytes ?? '')
    .digest('hex')
  const named = encryptedPathsOf(manifest.content.files, list)
  const { files } = list
  const checks: [boolean, string][] = [
    [manifest.content.mirror !== undefined && !isMerged(manifest), 'only a mirror or a delta of a run is encrypted'],
    [list.manifest_sha256 === sha256, `it is of another ${bundlePaths.manifest}`],
    [
      files.length === named.length && files.every(({ path }, place) => path === named[place]),
      `its files are not those of ${bundlePaths.manifest}`,
    ],
  ]
  return checks.flatMap(([isSound, reason]) => (isSound ? [] : [reason]))
}

function isAscending(texts: readonly string[]): boolean {
  return texts.every((text, place) => place === 0 || byteOrder(texts[place - 1] ?? '', text) < 0)
}
