import { createHash } from 'node:crypto'

import { bundlePaths, type ExportManifest, mirrorReadmePath, type PublicKey } from '@stella/contracts'

import { chainFiles, chainFolder } from './chain-paths.ts'
import { ABSENT, type ExportFault } from './export-fault.ts'
import { decodeManifest, encodeManifest } from './export-manifest.ts'
import { isSameJson } from './json-documents.ts'
import { type MergedKindCounts, mergedManifest } from './merged-manifest.ts'
import { encodeMergedProvenance } from './merged-provenance.ts'
import { mergedReadme } from './merged-readme.ts'
import { type ChainLink, chainFault } from './mirror-chain.ts'
import { verifyDetached } from './verify-detached.ts'

/** A signed manifest out of that folder; null for a file that is absent or could not be read. */
export interface ChainFiles {
  /** Its folder, as faults name it. */
  readonly path: string
  readonly manifestBytes: Uint8Array | null
  readonly signatureBytes: Uint8Array | null
}

/** What is looked at besides the manifest of what was merged. */
export interface MergedEvidence {
  readonly chain: readonly ChainFiles[]
  readonly provenanceBytes: Uint8Array | null
  readonly keys: readonly PublicKey[]
  /** What its records come to; null where they could not be read. */
  readonly kinds: readonly MergedKindCounts[] | null
}

/**
 * Judges what was merged by the signed manifests that it was made of: their signatures, that they follow each other, that its own manifest,
 * README and provenance are what they make. Only mirrors and deltas are merged. The key is that of the last.
 */
export function verifyMerged(
  manifest: ExportManifest,
  { chain, provenanceBytes, keys, kinds }: MergedEvidence,
): { keyId: string | null; faults: ExportFault[] } {
  if (!manifest.content.mirror) {
    const reason = 'it says that it was merged, and is no mirror: only a mirror or a delta is'
    return { keyId: null, faults: [{ path: bundlePaths.manifest, reason }] }
  }
  const read = chain.map((files) => readLink(files, keys))
  const faults = read.flatMap((link) => link.faults)
  const links = read.flatMap(({ link }) => (link ? [link] : []))
  if (links.length < 2 || links.length < chain.length) {
    const reason =
      links.length < chain.length ? 'not all of its manifests can be read' : 'it holds no chain of manifests'
    return { keyId: null, faults: [...faults, { path: chainFolder, reason }] }
  }
  const isApplied = manifest.run.trigger === 'apply'
  const [base, deltas] = isApplied ? [links[0] ?? null, links.slice(1)] : [null, links]
  const broken = chainFault(base, deltas)
  if (broken !== null) return { keyId: null, faults: [...faults, { path: chainFolder, reason: broken }] }
  const manifests = links.map((link) => link.manifest)
  const of = { base: base?.manifest ?? null, deltas: deltas.map((delta) => delta.manifest) }
  const expected = kinds && mergedManifest(of, kinds, manifest.content.files)
  if (expected && !isSameJson(expected, manifest)) {
    faults.push({ path: bundlePaths.manifest, reason: 'it is not what the signed manifests of its chain make' })
  }
  const readme = createHash('sha256').update(mergedReadme(of)).digest('hex')
  if (manifest.content.files.find(({ path }) => path === mirrorReadmePath)?.sha256 !== readme) {
    faults.push({ path: mirrorReadmePath, reason: 'it is not that of its manifest and its chain' })
  }
  if (!provenanceBytes) faults.push({ path: bundlePaths.provenance, reason: ABSENT })
  else if (!encodeMergedProvenance(manifest, manifests).equals(provenanceBytes)) {
    faults.push({ path: bundlePaths.provenance, reason: 'it is not that of its manifest and its chain' })
  }
  return { keyId: faults.length === 0 ? (read.at(-1)?.keyId ?? null) : null, faults }
}

function readLink(
  { path, manifestBytes, signatureBytes }: ChainFiles,
  keys: readonly PublicKey[],
): { link: ChainLink | null; keyId: string | null; faults: ExportFault[] } {
  const { manifest, signature } = chainFiles(path)
  const paths = { path: manifest, signaturePath: signature }
  if (!manifestBytes) return { link: null, keyId: null, faults: [{ path: paths.path, reason: ABSENT }] }
  const { keyId, faults } = verifyDetached(paths, manifestBytes, { signatureBytes, keys })
  const decoded = decodeManifest(manifestBytes)
  if (!decoded || !encodeManifest(decoded).equals(manifestBytes)) {
    return { link: null, keyId, faults: [...faults, { path: paths.path, reason: 'it is no manifest of version 1' }] }
  }
  return { link: { name: path, manifest: decoded }, keyId, faults }
}
