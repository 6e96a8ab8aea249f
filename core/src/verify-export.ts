import { createHash } from 'node:crypto'

import {
  bundlePaths,
  type EncryptedFiles,
  type ExportFile,
  type ExportManifest,
  encryptedPaths,
  exportManifest,
  MAX_FAULTS,
  mirrorPaths,
  type PublicKey,
  type RunCounts,
  trivyDatabaseOf,
  trivySignaturePath,
} from '@stella/contracts'

import { byteOrder } from './byte-order.ts'
import { compareFiles, compareStrictly, type ScannedMember } from './compare-files.ts'
import { contentRoot } from './content-root.ts'
import { ABSENT, type ExportFault } from './export-fault.ts'
import { readJson } from './json-documents.ts'
import { isMerged, type MergedKindCounts } from './merged-manifest.ts'
import { encodeSummary } from './mirror-summary.ts'
import { verifyDetached } from './verify-detached.ts'
import { type EncryptedVerdict, verifyEncrypted } from './verify-encrypted.ts'
import { type ChainFiles, type MergedEvidence, verifyMerged } from './verify-merged.ts'
import { verifyProvenance } from './verify-provenance.ts'

/** Everything that one verification looks at; null for a file that is absent or could not be read. */
export interface PublishedExport {
  /** What is wrong with the container: a file that is named here is not called absent as well. */
  readonly containerFaults: readonly ExportFault[]
  /** Where the export lies, as its faults name it, and the one time of its members: seconds since 1970, null in a folder. */
  readonly container: { readonly path: string; readonly mtime: number | null }
  /** Every file of the bundle or folder, the four of `bundlePaths` too. */
  readonly members: readonly ScannedMember[]
  readonly manifestBytes: Uint8Array | null
  readonly signatureBytes: Uint8Array | null
  readonly provenanceBytes: Uint8Array | null
  readonly provenanceBundleBytes: Uint8Array | null
  /** Of a Trivy export; of others null. */
  readonly databaseSignatureBytes: Uint8Array | null
  /** `manifest.yaml` of a mirror and its signature; of other exports null. */
  readonly summaryBytes: Uint8Array | null
  readonly summarySignatureBytes: Uint8Array | null
  /** The signed manifests that it was merged of, in their order; of an export that a run made none. */
  readonly chain: readonly ChainFiles[]
  /** `signatures/encrypted.json` and its signature of an encrypted mirror; of other exports null. */
  readonly encryptedBytes: Uint8Array | null
  readonly encryptedSignatureBytes: Uint8Array | null
  /** What the records of a mirror come to; null of other exports, of encrypted ones, and where they could not be read. */
  readonly checked: CheckedRecords | null
  /** The keys that the verifier trusts. */
  readonly keys: readonly PublicKey[]
}

/** What the records of a mirror come to, as its indexes name them. */
export interface CheckedRecords {
  readonly kinds: readonly MergedKindCounts[]
  /** What its indexes must be. */
  readonly indexes: readonly Pick<ExportFile, 'path' | 'sha256'>[]
  readonly stateRoot: string
}

/** What a verification found. All but `ok` and `faults` is null where the manifest cannot be read, `keyId` where no key signed it. */
export interface Verdict {
  readonly ok: boolean
  /** Trusted only where `ok`. */
  readonly manifest: ExportManifest | null
  readonly keyId: string | null
  readonly contentRoot: string | null
  readonly runId: string | null
  readonly tenant: string | null
  /** Id of the profile. */
  readonly profile: string | null
  readonly ledgerRevision: number | null
  readonly counts: RunCounts | null
  /** Whether it is a mirror that is encrypted, so that its plaintext was not looked at. */
  readonly isEncrypted: boolean
  /** The list of its encrypted files; null of any other export, and where it cannot be read. */
  readonly encrypted: EncryptedFiles | null
  /** Sorted by path; at most `MAX_FAULTS`. */
  readonly faults: readonly ExportFault[]
}

/**
 * Judges an export by its bytes and the verifier's keys alone: signature, form and content of `export.json`; size, digest and
 * lines of every file; absent and extra files; the container's time; `content_root`; provenance and its envelope. Of an encrypted mirror the files
 * are those that its list names; where it is encrypted strictly all that can be judged is the list and the files as they lie, and the manifest is null. Never throws for what
 * the bytes hold.
 */
export function verifyExport(published: PublishedExport): Verdict {
  const { containerFaults, container, members, manifestBytes } = published
  const read = readJson(exportManifest, { path: bundlePaths.manifest, name: 'manifest', bytes: manifestBytes })
  const manifest = read.document
  const merged = manifest && isMerged(manifest) ? verifyMerged(manifest, mergedEvidence(published)) : null
  const signed = manifestBytes && !merged ? verifySigned(manifestBytes, published) : merged
  const damaged = new Set(containerFaults.map(({ path }) => path))
  const chain = merged ? published.chain.map(({ path }) => path) : []
  const isEncrypted = published.encryptedBytes !== null || damaged.has(encryptedPaths.list)
  const encrypted = isEncrypted ? verifyEncrypted(manifest, published) : null
  if (encrypted?.list?.strict)
    return verdictOf(null, { ...encrypted, isEncrypted, faults: strictFaults(encrypted, published) })
  const found = [
    ...read.faults,
    ...(signed?.faults ?? []),
    ...(manifest ? verifyContent(manifest) : []),
    ...(encrypted?.faults ?? []),
    ...(manifest ? compareFiles(manifest.content, members, { encrypted, chain }) : []),
    ...(manifest ? verifyTime(manifest, container) : []),
    ...(manifest ? verifyDatabase(manifest, published) : []),
    ...(manifest?.content.mirror ? verifyMirror(manifest, published) : []),
    ...(merged
      ? []
      : verifyProvenance(published, manifest && manifestBytes ? subjectsOf(manifest, manifestBytes) : null)),
  ]
  const faults = [...containerFaults, ...untold(found, damaged)]
  return verdictOf(manifest, { keyId: signed?.keyId ?? null, list: encrypted?.list ?? null, faults, isEncrypted })
}

/** Faults but for files that are called absent since they are damaged. */
function untold(faults: readonly ExportFault[], damaged: ReadonlySet<string>): ExportFault[] {
  return faults.filter(({ path, reason }) => reason !== ABSENT || !damaged.has(path))
}

/** What is wrong with a mirror of which nothing can be read but the list of its files. */
function strictFaults(
  { files, faults }: EncryptedVerdict,
  { containerFaults, members }: PublishedExport,
): ExportFault[] {
  const damaged = new Set(containerFaults.map(({ path }) => path))
  const compared = compareStrictly(files ?? [], members)
  return [...containerFaults, ...faults, ...untold(compared, damaged)]
}

interface Found extends Pick<EncryptedVerdict, 'list' | 'keyId' | 'faults'> {
  readonly isEncrypted: boolean
}

function verdictOf(manifest: ExportManifest | null, { keyId, list, faults, isEncrypted }: Found): Verdict {
  return {
    ok: faults.length === 0,
    manifest,
    keyId,
    contentRoot: manifest?.content.content_root ?? null,
    runId: manifest?.run.id ?? null,
    tenant: manifest?.run.tenant ?? null,
    profile: manifest?.content.profile.id ?? null,
    ledgerRevision: manifest?.content.ledger_revision ?? null,
    counts: manifest?.content.counts ?? null,
    isEncrypted,
    encrypted: list,
    faults: faults.toSorted((a, b) => byteOrder(a.path, b.path)).slice(0, MAX_FAULTS),
  }
}

function verifyContent({ content }: ExportManifest): ExportFault[] {
  const path = bundlePaths.manifest
  const { files } = content
  const faults: ExportFault[] = []
  const unsorted = files.find((file, index) => index > 0 && byteOrder(files[index - 1]?.path ?? '', file.path) >= 0)
  if (unsorted) faults.push({ path, reason: `its files are not sorted by path, each once, at ${unsorted.path}` })
  if (contentRoot(files) !== content.content_root)
    faults.push({ path, reason: 'its content_root is not that of its files' })
  return faults
}

/** A database has a signature of its own, for whoever takes it alone. */
function verifyDatabase({ content }: ExportManifest, { databaseSignatureBytes, keys }: PublishedExport): ExportFault[] {
  const database = trivyDatabaseOf(content.profile)
  const file = content.files.find(({ path }) => path === database?.path)
  if (!file) return []
  const paths = { path: file.path, signaturePath: trivySignaturePath }
  return [...verifyDetached(paths, file, { signatureBytes: databaseSignatureBytes, keys }).faults]
}

function verifySigned(manifestBytes: Uint8Array, { signatureBytes, keys }: PublishedExport) {
  const paths = { path: bundlePaths.manifest, signaturePath: bundlePaths.signature }
  return verifyDetached(paths, manifestBytes, { signatureBytes, keys })
}

function mergedEvidence({ chain, provenanceBytes, keys, checked }: PublishedExport): MergedEvidence {
  return { chain, provenanceBytes, keys, kinds: checked?.kinds ?? null }
}

/** What a mirror says to people must be what its manifest says, and its indexes and its state those of its records. */
function verifyMirror(manifest: ExportManifest, published: PublishedExport): ExportFault[] {
  const { summaryBytes, summarySignatureBytes, keys, checked } = published
  const { content } = manifest
  const faults: ExportFault[] = []
  const path = mirrorPaths.summary
  if (!summaryBytes) faults.push({ path, reason: ABSENT })
  else if (!encodeSummary(manifest).equals(summaryBytes))
    faults.push({ path, reason: `it says something else than ${bundlePaths.manifest}` })
  if (summaryBytes && !isMerged(manifest)) {
    const paths = { path, signaturePath: mirrorPaths.summarySignature }
    faults.push(...verifyDetached(paths, summaryBytes, { signatureBytes: summarySignatureBytes, keys }).faults)
  }
  if (!checked) return faults
  const named = new Map(content.files.map((file) => [file.path, file.sha256]))
  const lying = checked.indexes.filter((index) => named.get(index.path) !== index.sha256)
  faults.push(...lying.map((index) => ({ path: index.path, reason: 'it is not the index over its records' })))
  const isOther = !content.delta && checked.stateRoot !== content.mirror?.state_root
  if (isOther) faults.push({ path: bundlePaths.manifest, reason: 'its state_root is not that of its records' })
  return faults
}

/** Whoever packs a bundle again may give its members another time, and sound digests: only the manifest says which is right. */
function verifyTime({ content }: ExportManifest, { path, mtime }: PublishedExport['container']): ExportFault[] {
  if (mtime === null || mtime === Date.parse(content.ledger_time) / 1000) return []
  return [{ path, reason: `its members have the time ${mtime}, ${bundlePaths.manifest} says ${content.ledger_time}` }]
}

function subjectsOf({ content }: ExportManifest, bytes: Uint8Array): Pick<ExportFile, 'path' | 'sha256'>[] {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return [{ path: bundlePaths.manifest, sha256 }, ...content.files]
}
