import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'

import { MAX_DOCUMENT_BYTES } from '@stella/contracts'
import type { KeyRange, Plan } from '@stella/core'
import type { FetchedDocument } from '@stella/native'

import { invalidEvidence } from './evidence-problem.ts'
import { fetchRange } from './fetch-range.ts'
import { inParallel } from './in-parallel.ts'
import { type LedgerClient, withAttempts } from './ledger-client.ts'
import { headOf } from './record-lines.ts'

/** A range of SBOMs to fetch into a folder. */
export interface DocumentsFetch {
  readonly plan: Plan
  readonly range: KeyRange
  readonly scratch: string
}

/** Fetches the SBOMs of a range: first what they are called, then each document once. In order of key. */
export async function fetchDocuments(
  client: LedgerClient,
  { plan, range, scratch }: DocumentsFetch,
  signal: AbortSignal,
): Promise<FetchedDocument[]> {
  const documents: FetchedDocument[] = []
  const sink = async (lines: Buffer) => {
    for (let from = 0; from < lines.length; from = lines.indexOf(10, from) + 1) {
      documents.push(documentOf(lines.subarray(from, lines.indexOf(10, from)), scratch))
    }
  }
  await fetchRange(client, { plan, kind: 'sbom', range, sink }, signal)

  const distinct = [...new Map(documents.map((document) => [document.sha256, document])).values()]
  const { tenantId } = plan.scope
  await inParallel(distinct, signal, (document, _, either) => fetchDocument(client, { ...document, tenantId }, either))
  return documents
}

function documentOf(line: Buffer, scratch: string): FetchedDocument {
  const { kind, key, folder, file_name: fileName, artifact_sha256: sha256 } = headOf(line)
  if (kind !== 'sbom' || folder === undefined || fileName === undefined) {
    throw invalidEvidence('a line of its SBOMs names no document')
  }
  return { recordKey: key, folder, fileName, file: join(scratch, `document-${sha256}`), sha256 }
}

async function fetchDocument(
  client: LedgerClient,
  { file, sha256, tenantId }: FetchedDocument & { tenantId: string },
  signal: AbortSignal,
): Promise<void> {
  await withAttempts(async () => {
    const hash = createHash('sha256')
    const handle = await open(file, 'w')
    let sizeBytes = 0
    try {
      for await (const chunk of client.read({ tenantId, path: `/ledger/artifacts/${sha256}` }, signal)) {
        sizeBytes += chunk.length
        if (sizeBytes > MAX_DOCUMENT_BYTES) throw invalidEvidence('a document is longer than one may be')
        hash.update(chunk)
        await handle.writeFile(chunk)
      }
    } finally {
      await handle.close()
    }
    if (hash.digest('hex') !== sha256) throw invalidEvidence(`the document ${sha256} does not have this SHA-256`)
  }, signal)
}
