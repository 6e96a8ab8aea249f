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
    const documents = await storeDocuments(deps, { documents: inputs.documents, keyOf })
    const plain = await locate(deps.blobs, [...inputs.members, ...documents], scratch)
    const { encryption, compression } = plan.profile.config
    // An export in parts holds its index alone: each part is encrypted.
    const encrypted =
      encryption && !plan.parts
        ? await encryptMembers(
            deps,
            { tenantId, encryption, level: compression.level, members: plain },
            scratch,
            signal,
          )
        : null
    const besides = await storeDocuments(deps, { documents: encrypted?.documents ?? [], keyOf })
    const members = [...(encrypted?.members ?? plain), ...(await locate(deps.blobs, besides, scratch))]
    const bundle = await packInto(deps, { members, plan, keyOf }, scratch, signal)
    const served = [...documents, ...besides].map(({ path, sha256, sizeBytes }): [string, StoredBytes] => [
      path,
      { sha256, size: sizeBytes },
    ])
    return { attempt, bundle, documents: Object.fromEntries(served), contentRoot }
  } finally {
    await scratch.dispose()
  }
}

interface Storing {
  readonly documents: readonly SealedDocument[]
  readonly keyOf: (sha256: string) => string
}

/** Stores documents, as members of the bundle and to be served alone. */
async function storeDocuments({ blobs }: SealDeps, { documents, keyOf }: Storing): Promise<HashedMember[]> {
  const stored: HashedMember[] = []
  for (const { path, bytes, sha256 } of documents) {
    const blob = { key: keyOf(sha256), sha256, sizeBytes: bytes.length }
    await blobs.putBytes({ key: blob.key, bytes })
    stored.push({ path, sha256, sizeBytes: bytes.length, parts: [{ blob, offset: 0, sizeBytes: bytes.length }] })
  }
  return stored
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
