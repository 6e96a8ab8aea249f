import { type PackedBundle, type PackRequest, packBundle as packNatively } from '#binding'

import { withCancelFlag } from './cancellation.ts'

export type { BundleMember, BundlePart, PackedBundle, PackRequest } from '#binding'

/**
 * Packs files into one `.tar.zst`, off the JavaScript thread. Its bytes depend on members, time, level and frame size alone, not on
 * the order in which members are given. The bundle is complete and synced when the promise resolves; after a rejection there is none.
 *
 * Format: `native/crates/bundle/src/lib.rs` (POSIX.1 pax, RFC 8878, zstd seekable format 0.1.1).
 *
 * @param request - members with their sources and stated digests, time in seconds, level, plain frame size in bytes
 * @param signal - stops the work at the next frame
 * @throws `bundle/invalid` for a path that is unsafe or there twice; `blob/short`, `blob/long`, `blob/altered` for a source that is
 * not as stated, naming the member; `request/invalid`, `blob/full`, `native/io`, `native/cancelled`
 */
export function packBundle(request: PackRequest, signal?: AbortSignal): Promise<PackedBundle> {
  return withCancelFlag(signal, (flag) => packNatively(request, flag))
}
