import { join } from 'node:path'

import type { Scratch } from '@stella/adapters'
import { FRAME_BYTES } from '@stella/contracts'
import { type Plan, sealedKey } from '@stella/core'
import type { Sealed, StoredBytes } from '@stella/db'
import { type BundleMember, packBundle } from '@stella/native'

import { encryptMembers } from './encrypt-members.ts'
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

/**
 * Packs the `.tar.zst`, stores it and the documents that are served alone, and returns what the run's row will name. Where the profile
 * encrypts, the data files are encrypted on their way into the bundle.
 */
export async function storeBundle(deps: SealDeps, inputs: BundleInputs, signal: AbortSignal): Promise<Sealed> {
  const { plan, runId, attempt, contentRoot } = inputs
  const { tenantId } = plan.scope
  const keyOf = (sha256: string) => sealedKey({ tenantId, runId, attempt, sha256 })
  const scratch = await deps.blobs.scratch()
  try {
    const data = await dataFiles(deps, inputs, scratch, signal)
    const documents = [...inputs.documents, ...data.documents]
    const stored: HashedMember[] = []
    for (const { path, bytes, sha256 } of documents) {
      const blob = { key: keyOf(sha256), sha256, sizeBytes: bytes.length }
      await deps.blobs.putBytes({ key: blob.key, bytes })
      stored.push({ path, sha256, sizeBytes: bytes.length, parts: [{ blob, offset: 0, sizeBytes: bytes.length }] })
    }
    const members = [...data.members, ...(await locate(deps.blobs, stored, scratch))]
    const bundle = await packInto(deps, { members, plan, keyOf }, scratch, signal)
    const served = stored.map(({ path, sha256, sizeBytes }): [string, StoredBytes] => [
      path,
      { sha256, size: sizeBytes },
    ])
    return { attempt, bundle, documents: Object.fromEntries(served), contentRoot }
  } finally {
    await scratch.dispose()
  }
}

/** The data files as they go into the bundle, and the documents that tell of their encryption. */
async function dataFiles(
  deps: SealDeps,
  { plan, members, documents }: BundleInputs,
  scratch: Scratch,
  signal: AbortSignal,
): Promise<{ members: readonly BundleMember[]; documents: readonly SealedDocument[] }> {
  const located = await locate(deps.blobs, members, scratch)
  const { encryption } = plan.profile.config
  // An export in parts holds its index alone: each part is encrypted.
  if (!encryption || plan.parts) return { members: located, documents: [] }
  return encryptMembers(deps, { members: located, documents, recipients: encryption.recipients }, scratch, signal)
}

interface Packing {
  readonly members: readonly BundleMember[]
  readonly plan: Plan
  readonly keyOf: (sha256: string) => string
}

async function packInto(
  { blobs }: SealDeps,
  { members, plan, keyOf }: Packing,
  scratch: Scratch,
  signal: AbortSignal,
): Promise<StoredBytes> {
  const out = join(scratch.directory, 'bundle.tar.zst')
  const mtime = Date.parse(plan.ledgerTime) / 1000
  const { level } = plan.profile.config.compression
  const { sha256, sizeBytes } = await packBundle(
    { out, members: [...members], mtime, level, frameBytes: FRAME_BYTES },
    signal,
  )
  await blobs.putFile({ key: keyOf(sha256), file: out, sha256, sizeBytes, move: true })
  return { sha256, size: sizeBytes }
}

async function locate(
  blobs: SealDeps['blobs'],
  members: readonly HashedMember[],
  scratch: Scratch,
): Promise<BundleMember[]> {
  const located: BundleMember[] = []
  for (const { path, sha256, sizeBytes, parts } of members) {
    const files = []
    for (const part of parts)
      files.push({ file: await blobs.localFile(part.blob, scratch), offset: part.offset, sizeBytes: part.sizeBytes })
    located.push({ path, sha256, sizeBytes, parts: files })
  }
  return located
}
