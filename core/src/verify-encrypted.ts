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
import { encryptedPathsOf, isEncryptedFile } from './encrypted-files.ts'
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

/** What was found: the files that must lie in the bundle for those that the manifest names, null where the list cannot be read. */
export interface EncryptedVerdict {
  readonly files: readonly ExportFile[] | null
  readonly recipients: readonly string[]
  readonly faults: readonly ExportFault[]
}

/**
 * Judges the list of the encrypted files of a mirror: its signature and form, that it is of this manifest, and names what this names. The files
 * themselves are compared with it by `compareFiles`; what they hold, nobody can tell without a key.
 */
export function verifyEncrypted(manifest: ExportManifest | null, evidence: EncryptedEvidence): EncryptedVerdict {
  const { encryptedBytes, encryptedSignatureBytes, keys } = evidence
  const path = encryptedPaths.list
  if (!encryptedBytes) return { files: null, recipients: [], faults: [{ path, reason: ABSENT }] }
  const paths = { path, signaturePath: encryptedPaths.signature }
  const { faults } = verifyDetached(paths, encryptedBytes, { signatureBytes: encryptedSignatureBytes, keys })
  const read = readJson(encryptedFiles, { path, name: 'list of encrypted files', bytes: encryptedBytes })
  const list = read.faults.length === 0 ? read.document : null
  if (!list) return { files: null, recipients: [], faults: [...faults, ...read.faults] }
  const reasons = manifest ? contentFaults(list, manifest, evidence) : []
  const readable = manifest?.content.files.filter((file) => !isEncryptedFile(file)) ?? []
  return {
    files: [...readable, ...list.files],
    recipients: list.recipients,
    faults: [...faults, ...reasons.map((told) => ({ path, reason: told }))],
  }
}

function contentFaults(
  { manifest_sha256, recipients, files }: EncryptedFiles,
  manifest: ExportManifest,
  { manifestBytes }: EncryptedEvidence,
): string[] {
  const sha256 = createHash('sha256')
    .update(manifestBytes ?? '')
    .digest('hex')
  const named = encryptedPathsOf(manifest.content.files)
  const checks: [boolean, string][] = [
    [manifest.content.mirror !== undefined && !isMerged(manifest), 'only a mirror or a delta of a run is encrypted'],
    [manifest_sha256 === sha256, `it is of another ${bundlePaths.manifest}`],
    [isAscending(recipients), 'its recipients are not sorted, each once'],
    [
      files.length === named.length && files.every(({ path }, place) => path === named[place]),
      `its files are not those of ${bundlePaths.manifest}, sorted, each once`,
    ],
  ]
  return checks.flatMap(([isSound, reason]) => (isSound ? [] : [reason]))
}

function isAscending(texts: readonly string[]): boolean {
  return texts.every((text, place) => place === 0 || byteOrder(texts[place - 1] ?? '', text) < 0)
}
