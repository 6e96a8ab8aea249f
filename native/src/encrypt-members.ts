import { type DatabasePart, type EncryptRequest, encryptMembers as encryptNatively } from '#binding'

import { withCancelFlag } from './cancellation.ts'

export type { EncryptRequest } from '#binding'

/**
 * Encrypts files, each as an age file to all recipients, one behind the other in a file, off the JavaScript thread. Each time other bytes come out.
 *
 * @param request - the file, members with their sources and stated digests, recipients as `age1…`
 * @param signal - stops the work at the next block
 * @returns where each lies in the file, with size and digest, by its path with `.age`
 * @throws `request/invalid` for what is no recipient · `blob/short`, `blob/long`, `blob/altered` for a source that is not as stated · `blob/full` ·
 *   `native/io` · `native/cancelled`
 */
export function encryptMembers(request: EncryptRequest, signal?: AbortSignal): Promise<DatabasePart[]> {
  return withCancelFlag(signal, (flag) => encryptNatively(request, flag))
}
