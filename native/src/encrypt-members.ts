import { type BundleMember, type DatabasePart, encryptMembers as encryptNatively } from '#binding'

import { withCancelFlag } from './cancellation.ts'

/** Files to encrypt, and by what: each as an age file to all recipients, or in segments of AES-256-GCM by a data key of 32 bytes. */
export interface EncryptRequest {
  /** Absolute path of the file, created or emptied. */
  readonly out: string
  readonly members: readonly BundleMember[]
  readonly by: { readonly recipients: readonly string[] } | { readonly dataKey: Uint8Array }
  /** zstd level, 1 to 19, of files that are not compressed by their names. */
  readonly level: number
}

/**
 * Compresses files whose names do not end with `.zst`, and encrypts all, one behind the other in a file, off the JavaScript thread. Each time other bytes
 * come out.
 *
 * @param request - the file, members with their sources and stated digests, recipients as `age1…` or a data key, and the level
 * @param signal - stops the work at the next block
 * @returns where each lies in the file, with size and digest, by its path with `.zst` unless it has that, and `.age` or `.enc`
 * @throws `request/invalid` for what is no recipient, no data key or no level · `blob/short`, `blob/long`, `blob/altered` for a source that is not as stated ·
 *   `blob/full` · `native/io` · `native/cancelled`
 */
export function encryptMembers(
  { out, members, by, level }: EncryptRequest,
  signal?: AbortSignal,
): Promise<DatabasePart[]> {
  const key = 'dataKey' in by ? { dataKey: by.dataKey } : { recipients: [...by.recipients] }
  return withCancelFlag(signal, (flag) => encryptNatively({ out, members: [...members], ...key, level }, flag))
}
