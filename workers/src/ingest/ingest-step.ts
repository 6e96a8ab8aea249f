import {
  COMPRESSION_RATIO_FREE_BYTES,
  type Job,
  type JobMessage,
  MAX_ARCHIVE_ENTRIES,
  MAX_ARCHIVE_NESTING,
  MAX_COMPRESSION_RATIO,
  MAX_DECOMPRESSED_BYTES,
  MAX_DOCUMENT_BYTES,
  MAX_DOCUMENT_DEPTH,
  MAX_NOT_HELD_PATHS,
  MAX_REFUSED_DOCUMENTS,
  MAX_ZSTD_WINDOW_LOG,
} from '@stella/contracts'
import { uploadKey } from '@stella/core'
import { beginIngest, heartbeatIngest, mergeIngest, type OpenIngest, openIngest } from '@stella/db'
import { type Intake, openIntake } from '@stella/native'

import type { WorkerDeps } from '../deps.ts'
import { whileAlive } from '../run/while-alive.ts'

/** What ingestion uses. */
export type IngestDeps = Pick<WorkerDeps, 'database' | 'inTenant' | 'blobs' | 'mappings' | 'readers' | 'log'>

/**
 * ingest: the documents of one upload into the ledger, as one revision or none. The native module parses; the database merges.
 * Runs twice safely: a batch that is completed answers with what it did, and its upload is removed.
 * @throws `ingest/too-many-refused` · `db/unavailable` · `blob/…` · `native/io`
 */
export async function ingestStep(
  deps: IngestDeps,
  { tenantId, ingestId }: JobMessage<'ingest'>,
  signal: AbortSignal,
): Promise<Job[]> {
  const batch = await deps.inTenant(tenantId, async (tx) =>
    (await beginIngest(tx, { tenantId, id: ingestId })) ? openIngest(tx, { tenantId, id: ingestId }) : null,
  )
  if (batch === null) {
    await deps.blobs.remove(uploadKey(tenantId, ingestId))
    return []
  }

  const { uploadKey: key, uploadSha256: sha256, uploadBytes: sizeBytes } = batch
  await whileAlive(deps.log, {
    beat: () => deps.inTenant(tenantId, (tx) => heartbeatIngest(tx, { tenantId, id: ingestId })),
    failed: { message: 'cannot mark a batch as alive', ingest_id: ingestId },
    async work() {
      const scratch = await deps.blobs.scratch()
      try {
        const path = await deps.blobs.localFile({ key, sha256, sizeBytes }, scratch)
        await mergeUpload(deps, { batch, path, signal })
      } finally {
        await scratch.dispose()
      }
    },
  })
  await deps.blobs.remove(key)
  return []
}

/** As the ledger keeps it: without the members that say nothing. */
function summaryOf(intake: Intake) {
  const { notHeld, ...counts } = intake.summary()
  const told = notHeld.map(({ record, reason, ...path }) =>
    record === null || reason === null ? path : { ...path, record, reason },
  )
  return { ...counts, notHeld: told }
}

async function mergeUpload(
  { database, mappings, readers, log }: IngestDeps,
  { batch, path, signal }: { batch: OpenIngest; path: string; signal: AbortSignal },
): Promise<void> {
  const { tenantId, id: ingestId } = batch
  const intake = openIntake({
    path,
    sourceName: batch.sourceName ?? 'stdin',
    sourceUri: batch.sourceUri,
    format: batch.format,
    maxDocumentBytes: MAX_DOCUMENT_BYTES,
    maxDepth: MAX_DOCUMENT_DEPTH,
    maxArchiveEntries: MAX_ARCHIVE_ENTRIES,
    maxDecompressedBytes: MAX_DECOMPRESSED_BYTES,
    maxCompressionRatio: MAX_COMPRESSION_RATIO,
    ratioFreeBytes: COMPRESSION_RATIO_FREE_BYTES,
    maxArchiveNesting: MAX_ARCHIVE_NESTING,
    maxZstdWindowLog: MAX_ZSTD_WINDOW_LOG,
    maxRefused: MAX_REFUSED_DOCUMENTS,
    maxNotHeld: MAX_NOT_HELD_PATHS,
    advisoryMapping: mappings.advisory.json,
    vexMapping: mappings.vex.json,
    threads: readers,
  })
  try {
    const summary = await mergeIngest(database, {
      tenantId,
      ingestId,
      strict: batch.strict,
      rows: intake.rows,
      summary: () => summaryOf(intake),
      signal,
    })
    const { refused, not_held, ...counts } = summary
    log({
      message: 'batch ingested',
      tenant_id: tenantId,
      ingest_id: ingestId,
      ...counts,
      refused: refused.length,
      not_held: not_held.length,
    })
  } finally {
    intake.cancel()
  }
}
