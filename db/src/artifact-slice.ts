import { ARTIFACT_SLICE_BYTES } from '@stella/contracts'
import { and, eq, sql } from 'drizzle-orm'
import { rawArtifacts } from './schema.ts'
import type { Transaction } from './session.ts'

/** A part of a document as received, and what the whole is. */
export interface ArtifactSlice {
  /** Size of the whole document. */
  readonly sizeBytes: number
  readonly bytes: Buffer
}

/** Up to `ARTIFACT_SLICE_BYTES` of a document from an offset on, or null where the tenant has no document of that SHA-256. */
export async function artifactSlice(
  tx: Transaction,
  { tenantId, sha256, offset }: { tenantId: string; sha256: string; offset: number },
): Promise<ArtifactSlice | null> {
  const { sizeBytes, content } = rawArtifacts
  const [row] = await tx
    .select({
      sizeBytes,
      bytes: sql<Buffer>`substring(${content} from ${offset + 1} for ${ARTIFACT_SLICE_BYTES})`,
    })
    .from(rawArtifacts)
    .where(and(eq(rawArtifacts.tenantId, tenantId), eq(rawArtifacts.sha256, sha256)))
  return row ?? null
}
