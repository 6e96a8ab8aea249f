import { createHash } from 'node:crypto'

import {
  type ExportIndex,
  type ExportManifest,
  exportIndex,
  type IndexedPart,
  indexPaths,
  MAX_FAULTS,
  type PublicKey,
  type RunCounts,
} from '@stella/contracts'

import { byteOrder } from './byte-order.ts'
import { ABSENT, type ExportFault } from './export-fault.ts'
import { indexRoot, sumOfCounts } from './index-document.ts'
import { isSameJson, readJson } from './json-documents.ts'
import { verifyDetached } from './verify-detached.ts'
import type { Verdict } from './verify-export.ts'

/** A part that was found and verified alone. */
export interface PublishedPart {
  readonly verdict: Verdict
  readonly manifestBytes: Uint8Array | null
}

/** Everything that the verification of an export in parts looks at; null for a file that is absent or could not be read. */
export interface PublishedIndex {
  readonly indexBytes: Uint8Array | null
  readonly signatureBytes: Uint8Array | null
  /** Parts by the name that the index gives their bundles. */
  readonly parts: ReadonlyMap<string, PublishedPart>
  /** What lies beside the index and is neither its signature nor a part. */
  readonly others: readonly string[]
  readonly keys: readonly PublicKey[]
}

/** What the verification of an export in parts found. All but `ok`, `parts` and `faults` is null where the index cannot be read. */
export interface IndexVerdict {
  readonly ok: boolean
  readonly keyId: string | null
  readonly contentRoot: string | null
  readonly runId: string | null
  readonly tenant: string | null
  readonly profile: string | null
  readonly ledgerRevision: number | null
  readonly counts: RunCounts | null
  readonly parts: readonly {
    readonly part: number
    readonly file: string
    readonly ok: boolean
    /** Whether it is encrypted, so that its plaintext was not looked at. */
    readonly isEncrypted: boolean
  }[]
  /** Sorted by path, those of a part under its name; at most `MAX_FAULTS`. */
  readonly faults: readonly ExportFault[]
}

/** An index that can be read, and what is wrong with its bytes. */
export function readExportIndex(bytes: Uint8Array | null): { index: ExportIndex | null; faults: ExportFault[] } {
  const { document, faults } = readJson(exportIndex, { path: indexPaths.index, name: 'index', bytes })
  return { index: document, faults }
}

/** The key that signed an index, or null and what is wrong; nothing of an index that is absent. */
export function verifyIndexSignature({
  indexBytes,
  ...evidence
}: Pick<PublishedIndex, 'indexBytes' | 'signatureBytes' | 'keys'>): ReturnType<typeof verifyDetached> {
  const paths = { path: indexPaths.index, signaturePath: indexPaths.signature }
  return indexBytes ? verifyDetached(paths, indexBytes, evidence) : { keyId: null, faults: [] }
}

/**
 * Judges an export in parts by its bytes and the verifier's keys alone: signature, form and content of `index.json`; that every part is
 * there, sound alone, and the one that the index names; that nothing else is there. Never throws for what the bytes hold.
 */
export function verifyIndex(published: PublishedIndex): IndexVerdict {
  const { indexBytes, parts, others } = published
  const { index, faults: formFaults } = readExportIndex(indexBytes)
  const signed = verifyIndexSignature(published)
  // What nobody has signed names no parts: none was read.
  const isSigned = signed.keyId !== null
  const judged = (index?.content.parts ?? []).map((part) => ({
    part,
    faults: index && isSigned ? verifyPart(index, part, parts.get(part.file)) : [],
  }))
  const faults = [
    ...formFaults,
    ...signed.faults,
    ...(index ? verifyContent(index) : []),
    ...judged.flatMap((part) => part.faults),
    ...(isSigned ? others : []).map((path) => ({ path, reason: `it is not among the parts of ${indexPaths.index}` })),
  ]
  return {
    ok: faults.length === 0,
    keyId: signed.keyId,
    contentRoot: index?.content.content_root ?? null,
    runId: index?.run.id ?? null,
    tenant: index?.run.tenant ?? null,
    profile: index?.content.profile.id ?? null,
    ledgerRevision: index?.content.ledger_revision ?? null,
    counts: index?.content.counts ?? null,
    parts: judged.map(({ part: { part, file }, faults: ofPart }) => {
      const isEncrypted = parts.get(file)?.verdict.isEncrypted ?? false
      return { part, file, ok: isSigned && ofPart.length === 0, isEncrypted }
    }),
    faults: faults.toSorted((a, b) => byteOrder(a.path, b.path)).slice(0, MAX_FAULTS),
  }
}

function verifyContent({ content, run }: ExportIndex): ExportFault[] {
  const path = indexPaths.index
  const { parts } = content
  const isNumbered = [parts, run.parts].every((list) => list.every(({ part }, place) => part === place + 1))
  const checks: [boolean, string][] = [
    [isNumbered && parts.length === run.parts.length, 'its parts are not numbered from 1, each once'],
    [indexRoot(parts) === content.content_root, 'its content_root is not that of its parts'],
    [isSameJson(sumOfCounts(parts), content.counts), 'its counts are not those of its parts together'],
  ]
  return checks.flatMap(([isSound, reason]) => (isSound ? [] : [{ path, reason }]))
}

function verifyPart(index: ExportIndex, part: IndexedPart, found: PublishedPart | undefined): ExportFault[] {
  const path = part.file
  if (!found) return [{ path, reason: ABSENT }]

  const faults = found.verdict.faults.map((fault) => ({
    path: fault.path.endsWith(path) ? path : `${path}: ${fault.path}`,
    reason: fault.reason,
  }))
  const { manifest } = found.verdict
  if (!manifest || !found.manifestBytes) {
    // What says nothing of itself may be sound, and is no part that could be told from another.
    return faults.length > 0 ? faults : [{ path, reason: 'it is encrypted strictly, and no part is' }]
  }
  const sha256 = createHash('sha256').update(found.manifestBytes).digest('hex')
  if (sha256 === index.run.parts[part.part - 1]?.manifest.sha256 && agrees(index, part, manifest)) return faults
  return [...faults, { path, reason: `it is another export than the one that ${indexPaths.index} names` }]
}

/** True where what the index says of a part is what the part says of itself. */
function agrees({ content: whole }: ExportIndex, part: IndexedPart, { content }: ExportManifest): boolean {
  return (
    isSameJson(content.filters, part.filters) &&
    isSameJson(content.counts, part.counts) &&
    isSameJson(content.profile, whole.profile) &&
    content.content_root === part.content_root &&
    content.ledger_revision === whole.ledger_revision &&
    content.files.length === part.files &&
    content.files.reduce((sum, { size }) => sum + size, 0) === part.size
  )
}
