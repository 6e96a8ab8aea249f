/** Prefix of all unfinished work: what lies under it belongs to a run that is being written, or is left over. */
export const STAGING = 'staging/'

/** Prefix of everything that unfinished work of a run may leave in the blob store. */
export function stagingPrefix(tenantId: string, runId: string): string {
  return `${STAGING}${tenantId}/${runId}/`
}

/** Prefix of everything that is sealed. */
export const SEALED = 'runs/'

/** Prefix of everything sealed for a run, by all attempts. What its row does not name is left over. */
export function sealedPrefix(tenantId: string, runId: string): string {
  return `${SEALED}${tenantId}/${runId}/`
}

/** Prefix of what one attempt at sealing stored. Two attempts at once sign apart, and must not remove each other's bytes. */
export function attemptPrefix(tenantId: string, runId: string, attempt: string): string {
  return `${sealedPrefix(tenantId, runId)}${attempt}/`
}

/** Key of bytes that an attempt sealed: the bundle, and the documents that are served alone. */
export function sealedKey(of: SealAttempt & { readonly sha256: string }): string {
  return `${attemptPrefix(of.tenantId, of.runId, of.attempt)}sha256/${of.sha256}`
}

/** One attempt at sealing a run. */
export interface SealAttempt {
  readonly tenantId: string
  readonly runId: string
  readonly attempt: string
}

/** The attempt that stored a sealed key; null for a key of another form. */
export function attemptOfKey(key: string): SealAttempt | null {
  const [, tenantId, runId, attempt] = /^runs\/([^/]+)\/([^/]+)\/([^/]+)\//.exec(key) ?? []
  return tenantId && runId && attempt ? { tenantId, runId, attempt } : null
}

/** Prefix of all uploads to the ledger. */
export const UPLOADS = 'uploads/'

/** Key of an upload to the ledger, removed once its documents are in. */
export function uploadKey(tenantId: string, ingestId: string): string {
  return `${UPLOADS}${tenantId}/${ingestId}`
}

/** The run that a staging key belongs to; null for a key of another form. */
export function runOfStagingKey(key: string): { tenantId: string; runId: string } | null {
  const [, tenantId, runId] = /^staging\/([^/]+)\/([^/]+)\//.exec(key) ?? []
  return tenantId && runId ? { tenantId, runId } : null
}

/** The batch that an upload belongs to; null for a key of another form. */
export function ingestOfUploadKey(key: string): string | null {
  return /^uploads\/[^/]+\/([^/]+)$/.exec(key)?.[1] ?? null
}
