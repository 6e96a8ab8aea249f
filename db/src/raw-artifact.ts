import { and, eq } from 'drizzle-orm'

import type { Transaction } from './open-database.ts'
import { rawArtifacts } from './schema.ts'

/** A document as it was received, and where it came from. */
export interface RawArtifact {
  /** SHA-256 of `content`, in hexadecimal. */
  readonly sha256: string
  readonly content: Buffer
  readonly mediaType: string
  /** Name of the file, with the line in it where it held several documents. */
  readonly source: string
  readonly sourceUri: string | null
  readonly fetchedAt: string
  readonly ingestId: string
}

/** The document of a digest (hexadecimal), or null. Holds it whole. */
export async function rawArtifact(
  tx: Transaction,
  { tenantId, sha256 }: { tenantId: string; sha256: string },
): Promise<RawArtifact | null> {
  const [row] = await tx
    .select({
      sha256: rawArtifacts.sha256,
      content: rawArtifacts.content,
      mediaType: rawArtifacts.mediaType,
      source: rawArtifacts.source,
      sourceUri: rawArtifacts.sourceUri,
      fetchedAt: rawArtifacts.fetchedAt,
      ingestId: rawArtifacts.ingestId,
    })
    .from(rawArtifacts)
    .where(and(eq(rawArtifacts.tenantId, tenantId), eq(rawArtifacts.sha256, sha256)))
  return row ?? null
}
