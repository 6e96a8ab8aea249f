import type { ExportIndex, ExportManifest, IndexedPart, RunCounts, Sharding } from '@stella/contracts'

import { canonicalJson } from './canonical-json.ts'
import type { RunIdentity } from './export-manifest.ts'
import { encodeJson } from './json-documents.ts'
import { merkleTreeHash } from './merkle-tree.ts'
import type { Plan } from './plan.ts'

const PART_DIGITS = 3

/** Size in bytes and SHA-256 of something stored. */
interface Stored {
  readonly size: number
  readonly sha256: string
}

/** A part that was sealed: its manifest as a value and as bytes, and its bundle. */
export interface SealedPart {
  readonly content: ExportManifest['content']
  readonly runId: string
  readonly manifest: Stored
  readonly bundle: Stored
  readonly estimatedBytes: number
}

/** What an index is made of; parts in their order. */
export interface IndexInputs {
  readonly plan: Plan
  readonly sharding: Sharding
  readonly run: RunIdentity
  readonly parts: readonly SealedPart[]
}

/** `index.json` as a value; `encodeIndex` gives its bytes. Source: docs/formats/export-index.md. */
export function exportIndex({ plan, sharding, run, parts }: IndexInputs): ExportIndex {
  const { id, name, kind, variant, revision } = plan.profile
  const indexed = parts.map((part, index) => indexedPart(part, index + 1, sharding.max_bytes))
  return {
    schema_version: '1',
    content: {
      profile: { id, name, kind, variant, revision },
      filters: plan.scope.filters,
      ledger_revision: plan.scope.ledgerRevision,
      ledger_time: plan.ledgerTime,
      sharding,
      counts: sumOfCounts(indexed),
      parts: indexed,
      content_root: indexRoot(indexed),
    },
    run: {
      id: run.id,
      tenant: plan.scope.tenantId,
      trigger: run.trigger,
      started_at: run.startedAt,
      finished_at: run.finishedAt,
      parts: parts.map(({ runId, manifest, bundle }, index) => ({
        part: index + 1,
        run_id: runId,
        manifest: { size: manifest.size, sha256: manifest.sha256 },
        bundle: { size: bundle.size, sha256: bundle.sha256 },
      })),
    },
  }
}

/** The bytes of `index.json`: canonical JSON (RFC 8785) and one line feed. */
export function encodeIndex(index: ExportIndex): Buffer {
  return encodeJson(index)
}

/**
 * One digest for all parts: `sha256:` and the hexadecimal Merkle tree hash over them in their order, each leaf the canonical JSON of
 * `{"content_root","part"}`.
 */
export function indexRoot(parts: readonly Pick<IndexedPart, 'part' | 'content_root'>[]): string {
  const leaves = parts.map(({ part, content_root }) => Buffer.from(canonicalJson({ content_root, part })))
  return `sha256:${merkleTreeHash(leaves).toString('hex')}`
}

/** Records of all parts. */
export function sumOfCounts(parts: readonly Pick<IndexedPart, 'counts'>[]): RunCounts {
  const sum = { advisories: 0, vex: 0, sboms: 0 }
  for (const { counts } of parts)
    for (const group of Object.keys(sum) as (keyof typeof sum)[]) sum[group] += counts[group]
  return sum
}

/** Name of a part's bundle beside the index. */
export function partFile(part: number): string {
  return `part-${String(part).padStart(PART_DIGITS, '0')}.tar.zst`
}

function indexedPart({ content, estimatedBytes }: SealedPart, part: number, maxBytes: number): IndexedPart {
  return {
    part,
    file: partFile(part),
    filters: content.filters,
    counts: content.counts,
    estimated_bytes: estimatedBytes,
    oversized: estimatedBytes > maxBytes,
    files: content.files.length,
    size: content.files.reduce((sum, { size }) => sum + size, 0),
    content_root: content.content_root,
  }
}
