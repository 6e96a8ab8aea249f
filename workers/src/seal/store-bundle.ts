import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { bundlePaths, exportManifest, FRAME_BYTES, Problem } from '@stella/contracts'
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
}

/** Packs the `.tar.zst`, stores it and the documents that are served alone, and returns what the run's row will name. */
export async function storeBundle(deps: SealDeps, inputs: BundleInputs, signal: AbortSignal): Promise<Sealed> {
  const { plan, runId, attempt, documents } = inputs
  const { tenantId } = plan.scope
  const scratch = await deps.blobs.scratch()
  try {
    const path = join(scratch.directory, 'bundle.tar.zst')
    const members = [
      ...(await dataMembers(deps, inputs.members)),
      ...(await documentMembers(scratch.directory, documents)),
    ]
    const mtime = Date.parse(plan.ledgerTime) / 1000
    const { level } = plan.profile.config.compression
    const packed = await packBundle({ out: path, members, mtime, level, frameBytes: FRAME_BYTES }, signal)
    await deps.blobs.putFile({
      ...packed,
      key: sealedKey({ tenantId, runId, attempt, sha256: packed.sha256 }),
      file: path,
      move: true,
    })

    const served: Record<string, StoredBytes> = {}
    for (const { path: name, bytes, sha256 } of documents) {
      await deps.blobs.putBytes({ key: sealedKey({ tenantId, runId, attempt, sha256 }), bytes })
      served[name] = { sha256, size: bytes.length }
    }
    const bundle = { sha256: packed.sha256, size: packed.sizeBytes }
    return { attempt, bundle, documents: served, contentRoot: contentRootOf(documents) }
  } finally {
    await scratch.dispose()
  }
}

async function dataMembers({ blobs }: SealDeps, members: readonly HashedMember[]) {
  const packed = []
  for (const { path, sha256, sizeBytes, parts } of members) {
    const files = []
    for (const { blob, offset, sizeBytes: length } of parts) {
      files.push({ file: await blobs.localFile(blob), offset, sizeBytes: length })
    }
    packed.push({ path, sha256, sizeBytes, parts: files })
  }
  return packed
}

async function documentMembers(directory: string, documents: readonly SealedDocument[]) {
  return Promise.all(
    documents.map(async ({ path, bytes, sha256 }, index) => {
      const file = join(directory, `document-${index}`)
      await writeFile(file, bytes)
      return { path, sha256, sizeBytes: bytes.length, parts: [{ file, offset: 0, sizeBytes: bytes.length }] }
    }),
  )
}

function contentRootOf(documents: readonly SealedDocument[]): string {
  const manifest = documents.find(({ path }) => path === bundlePaths.manifest)
  if (!manifest) throw new Problem('internal', 'an export was sealed without a manifest')
  return exportManifest.parse(JSON.parse(manifest.bytes.toString())).content.content_root
}
