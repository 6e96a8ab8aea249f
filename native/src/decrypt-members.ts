import { MAX_BUNDLE_MEMBERS } from '@stella/contracts'

import { decryptMembers as decryptNatively, type EncryptedMember } from '#binding'

import { withCancelFlag } from './cancellation.ts'
import type { UnpackedFile } from './mirror-lookup.ts'

/** What encrypted files are decrypted by: the text of an age identity file, or a data key of 32 bytes. */
export type DecryptionKey = { readonly identities: string } | { readonly dataKey: Uint8Array }

/** Members of a bundle to decrypt. */
export interface DecryptRequest {
  /** Absolute path of the bundle, or of the folder that it was unpacked into. */
  readonly path: string
  /** By their paths in the mirror. */
  readonly members: readonly EncryptedMember[]
  readonly by: DecryptionKey
  /** Absolute path of a folder that holds none of them. */
  readonly out: string
}

/**
 * Decrypts members of a bundle into a folder, and decompresses those whose names do not end with `.zst`, off the JavaScript thread.
 *
 * @param request - the bundle, its members, the key, and where to
 * @param signal - stops the work at the next block
 * @returns size and digest of each as it comes out
 * @throws `request/invalid` for what is no identity or no data key · `bundle/invalid` where they do not open a member · `blob/absent`, `blob/altered` (also
 *   where a member is not one zstd frame), `blob/long` before one is longer than it may be · `blob/full` · `native/io` · `native/cancelled`
 */
export function decryptMembers(
  { path, members, by, out }: DecryptRequest,
  signal?: AbortSignal,
): Promise<UnpackedFile[]> {
  const request = { path, members: [...members], ...by, out, maxMembers: MAX_BUNDLE_MEMBERS }
  return withCancelFlag(signal, (flag) => decryptNatively(request, flag))
}
