import { createHash } from 'node:crypto'

import { Problem } from '@stella/contracts'
import type { ExportMember } from '@stella/core'

import type { WorkerDeps } from '../deps.ts'

/** A data file of an export whose digest is known. */
export interface HashedMember extends ExportMember {
  readonly sha256: string
}

/** Members with their digests: those made of several blobs are hashed together, each part checked against its own digest. */
export async function hashMembers(
  deps: Pick<WorkerDeps, 'blobs'>,
  members: readonly ExportMember[],
  signal: AbortSignal,
): Promise<HashedMember[]> {
  const hashed: HashedMember[] = []
  for (const member of members)
    hashed.push({ ...member, sha256: member.sha256 ?? (await digestOf(deps, member, signal)) })
  return hashed
}

async function digestOf(
  { blobs }: Pick<WorkerDeps, 'blobs'>,
  { parts }: ExportMember,
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256')
  for (const { blob } of parts) {
    for await (const chunk of await blobs.read(blob)) {
      if (signal.aborted) throw new Problem('native/cancelled', 'the seal was stopped')
      hash.update(chunk)
    }
  }
  return hash.digest('hex')
}
