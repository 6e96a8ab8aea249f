import { createHash, randomUUID } from 'node:crypto'
import { type IngestSummary, Problem, type RecordKind, type RefusedDocument } from '@stella/contracts'

import { recordIngest } from '../ingests.ts'
import { mergeIngest } from '../merge-ingest.ts'
import type { Database } from '../open-database.ts'
import { withTenant } from '../with-tenant.ts'

/** A record as the intake gives it. */
export interface TestRecord {
  /** Where it differs from its document's. */
  readonly kind?: RecordKind
  readonly key: string
  readonly body: string
  readonly modified?: string | null
  readonly folder?: string
  readonly selectors?: readonly string[]
}

/** A document as the intake gives it: its rows come one after the other. */
export interface TestDocument {
  readonly kind: RecordKind
  readonly key: string
  readonly version?: number
  readonly modified: string | null
  readonly raw: string
  /** What tells contents apart; the raw bytes unless given. */
  readonly content?: string
  readonly records: readonly TestRecord[]
}

/** SHA-256 in hexadecimal. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** An advisory of one record. */
export function advisory(
  key: string,
  modified: string,
  text = 'text',
  selectors: readonly string[] = [],
): TestDocument {
  const body = JSON.stringify({ id: key, modified, text })
  return { kind: 'advisory', key, modified, raw: ` ${body}\n`, content: body, records: [{ key, body, selectors }] }
}

/** A VEX document; statements by name and text. Their keys name their content, as the intake's do; bodies repeat the version. */
export function vex(key: string, version: number, statements: Readonly<Record<string, string>>): TestDocument {
  const modified = '2025-01-01T00:00:00Z'
  const bodies = Object.entries(statements).map(([name, text]) => `${name}:${text}@${version}`)
  const records = bodies.map((body) => ({ key: `${key}#${body}`, body }))
  return { kind: 'vex', key, version, modified, raw: JSON.stringify({ key, version, statements }), records }
}

/** A bill of materials. A record key of the intake names the content; tests of other things need no more than the document's. */
export function sbom(
  key: string,
  folder: string,
  raw: string,
  { selectors = [], recordKey = key }: { selectors?: readonly string[]; recordKey?: string } = {},
): TestDocument {
  const record = { key: recordKey, body: `{"graph":"${key}"}`, folder, selectors }
  return { kind: 'sbom', key, version: 1, modified: null, raw, records: [record] }
}

/** A bill of materials that also states exploitability: its graph, then statements by name and text. */
export function stating(key: string, version: number, statements: Readonly<Record<string, string>>): TestDocument {
  const { records, ...document } = vex(key, version, statements)
  const graph = { key: `${key}#graph@${version}`, body: `{"graph":${version}}`, folder: 'shop' }
  return {
    ...document,
    kind: 'sbom',
    records: [graph, ...records.map((record) => ({ ...record, kind: 'vex' as const }))],
  }
}

/** What a test merges. */
export interface TestBatch {
  readonly tenantId: string
  readonly documents: readonly TestDocument[]
  readonly strict?: boolean
  readonly refused?: readonly RefusedDocument[]
  readonly sourceUri?: string | null
  readonly ingestId?: string
  readonly rows?: AsyncIterable<Uint8Array>
  readonly signal?: AbortSignal
}

/** Records a batch, unless `ingestId` names one, and merges it. */
export async function merge(database: Database, batch: TestBatch): Promise<IngestSummary> {
  const { tenantId, documents, strict = false, refused = [] } = batch
  const ingestId = batch.ingestId ?? (await receive(database, batch))
  return mergeIngest(database, {
    tenantId,
    ingestId,
    strict,
    rows: batch.rows ?? chunksOf(stageBytes(documents)),
    summary: () => ({ read: documents.length + refused.length, refused, notHeld: [], notHeldMore: false }),
    signal: batch.signal ?? new AbortController().signal,
  })
}

/** Records a batch. @returns its id */
export async function receive(database: Database, { tenantId, strict, sourceUri }: TestBatch): Promise<string> {
  const id = `ing_${randomUUID()}`
  await withTenant(database, tenantId, (tx) =>
    recordIngest(tx, {
      tenantId,
      id,
      sourceUri: sourceUri ?? null,
      sourceName: null,
      format: 'auto',
      strict: strict ?? false,
      uploadKey: `uploads/${id}`,
      uploadSha256: sha256(id),
      uploadBytes: 1,
      createdBy: 'tester',
    }),
  )
  return id
}

/** The code of the Problem that a promise is rejected with. */
export async function problemOf(promise: Promise<unknown>): Promise<string> {
  const reason = await promise.then(
    () => null,
    (error: unknown) => error,
  )
  if (reason instanceof Problem) return reason.code
  throw reason instanceof Error ? reason : new Error('no problem was thrown')
}

/** Bytes in chunks that cut through rows. */
export async function* chunksOf(bytes: Uint8Array, size = 1 << 16): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** Documents as COPY BINARY (PostgreSQL documentation, COPY, "Binary Format"). */
export function stageBytes(documents: readonly TestDocument[]): Buffer {
  const rows = documents.flatMap((document, at) =>
    document.records.map((record, index) => rowOf(document, record, at + 1, index === 0)),
  )
  return Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1'), ...rows, int16(-1)])
}

function rowOf(document: TestDocument, record: TestRecord, seq: number, first: boolean): Buffer {
  const { kind, key, version = 0, modified, raw, content = raw } = document
  const fields = [
    int64(BigInt(seq)),
    Buffer.from(record.kind ?? kind),
    Buffer.from(record.key),
    Buffer.from(key),
    int64(BigInt(version)),
    timestamp(modified),
    timestamp(record.modified === undefined ? modified : record.modified),
    Buffer.from(record.body),
    Buffer.from(sha256(record.body), 'hex'),
    Buffer.from(sha256(content), 'hex'),
    Buffer.from(sha256(raw), 'hex'),
    first ? Buffer.from(raw) : null,
    Buffer.from('application/json'),
    Buffer.from(`doc-${seq}.json`),
    record.folder === undefined ? null : Buffer.from(record.folder),
    digestArray(record.selectors ?? []),
  ]
  return Buffer.concat([int16(fields.length), ...fields.map(field)])
}

function field(bytes: Buffer | null): Buffer {
  return bytes ? Buffer.concat([int32(bytes.length), bytes]) : int32(-1)
}

function timestamp(text: string | null): Buffer | null {
  return text === null ? null : int64(BigInt(Date.parse(text) - Date.parse('2000-01-01T00:00:00Z')) * 1000n)
}

/** Selectors are written `name=value` in tests; the intake gives the half of their SHA-256 as a `uuid`. */
function digestArray(selectors: readonly string[]): Buffer {
  const UUID = 2950
  if (selectors.length === 0) return Buffer.concat([int32(0), int32(0), int32(UUID)])
  const items = selectors.map((selector) => field(Buffer.from(selectorDigest(selector), 'hex')))
  return Buffer.concat([int32(1), int32(0), int32(UUID), int32(selectors.length), int32(1), ...items])
}

/** What the ledger keeps of a selector that is written `name=value`, in hexadecimal. */
export function selectorDigest(selector: string): string {
  return sha256(selector.replace('=', '\x1f')).slice(0, 32)
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}
