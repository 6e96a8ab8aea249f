import { MAX_BUNDLE_MEMBERS } from '@stella/contracts'

import { type DecryptRequest, decryptMembers as decryptNatively } from '#binding'

import { withCancelFlag } from './cancellation.ts'
import type { UnpackedFile } from './mirror-lookup.ts'

/**
 * Decrypts members of a bundle into a folder, off the JavaScript thread.
 *
 * @param request - absolute paths of bundle and folder, the members by their paths without `.age`, the text of an age identity file
 * @param signal - stops the work at the next block
 * @returns size and digest of each plaintext
 * @throws `request/invalid` for what is no identity · `bundle/invalid` where no identity opens a member · `blob/absent`, `blob/altered`, `blob/long` ·
 *   `blob/full` · `native/io` · `native/cancelled`
 */
export function decryptMembers(
  request: Omit<DecryptRequest, 'maxMembers'>,
  signal?: AbortSignal,
): Promise<UnpackedFile[]> {
  return withCancelFlag(signal, (flag) => decryptNatively({ ...request, maxMembers: MAX_BUNDLE_MEMBERS }, flag))
}
