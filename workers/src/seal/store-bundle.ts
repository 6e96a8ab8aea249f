import { join } from 'node:path'

import type { Scratch } from '@stella/adapters'
import { FRAME_BYTES } from '@stella/contracts'
import { type Plan, sealedKey } from '@stella/core'
import type { Sealed, StoredBytes } from '@stella/db'
import { packBundle } from '@stella/native'

import type { HashedMember } from './hash-members.ts'
import type { SealDeps } from './seal-step.ts'
import type { SealedDocument } from './sealed-documents.ts'

/** What a bundle is packed of. */
export interface BundleInputs {
  readonly plan: Plan
  readonly runId: string
  readonly attempt: string
  readonly members: readonly HashedMember[]
  readonly documents: readonly SealedDocument[]
  readonly contentRoot: string
}

/** Packs the `.tar.zst`, stores it and the documents that are served alone, and returns what the run's row will name. */
export async function storeBundle(deps: SealDeps, inputs: BundleInputs, signal: AbortSignal): Promise<Sealed> {
  const { plan, runId, attempt, documents, contentRoot } = inputs
  const { tenantId } = plan.scope
  const keyOf = (sha256: string) => sealedKey({ tenantId, runId, attempt, sha256 })

  const served: Record<string, StoredBytes> = {}
  const members: HashedMember[] = [...inputs.members]
  for (const { path, bytes, sha256 } of documents) {
    const blob = { key: keyOf(sha256), sha256, sizeBytes: bytes.length }
    await deps.blobs.putBytes({ key: blob.key, bytes })
    served[path] = { sha256, size: bytes.length }
    members.push({ path, sha256, sizeBytes: bytes.length, parts: [{ blob, offset: 0, sizeBytes: bytes.length }] })
  }
  const bundle = await packInto(deps, { members, plan, keyOf }, signal)
  return { attempt, bundle, documents: served, contentRoot }
}

interface Packing {
  readonly members: readonly HashedMember[]
  readonly plan: Plan
  readonly keyOf: (sha256: string) => string
}

async function packInto(
  { blobs }: SealDeps,
  { members, plan, keyOf }: Packing,
  signal: AbortSignal,
): Promise<StoredBytes> {
  const scratch = await blobs.scratch()
  try {
    const out = join(scratch.directory, 'bundle.tar.zst')
    const mtime = Date.parse(plan.ledgerTime) / 1000
    const { level } = plan.profile.config.compression
    const located = await locate(blobs, members, scratch)
    const { sha256, sizeBytes } = await packBundle(
      { out, members: located, mtime, level, frameBytes: FRAME_BYTES },
      signal,
    )
    await blobs.putFile({ key: keyOf(sha256), file: out, sha256, sizeBytes, move: true })
    return { sha256, size: sizeBytes }
  } finally {
    await scratch.dispose()
  }
}

async function locate(blobs: SealDeps['blobs'], members: readonly HashedMember[], scratch: Scratch) {
  const located = []
  for (const { path, sha256, sizeBytes, parts } of members) {
    const files = []
    for (const part of parts)
      files.push({ file: await blobs.localFile(part.blob, scratch), offset: part.offset, sizeBytes: part.sizeBytes })
    located.push({ path, sha256, sizeBytes, parts: files })
  }
  return located
}
