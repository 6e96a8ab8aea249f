import { MirrorLookup, unpackBundle as unpackNatively } from '#binding'

import { withCancelFlag } from './cancellation.ts'
import { defaultScanLimits } from './scan-bundle.ts'

export type { FoundItems } from '#binding'

/** What finds records in a mirror: each call answers at once. */
export type Lookup = Pick<MirrorLookup, 'byKey' | 'byNames' | 'byPackage' | 'hasNames' | 'document'>

/** Opens the folder that a mirror was unpacked into; the path is absolute. @throws `bundle/invalid` · `native/io` */
export function openLookup(folder: string): Lookup {
  return MirrorLookup.open(folder)
}

/** A file that was unpacked. */
export interface UnpackedFile {
  readonly path: string
  readonly sizeBytes: number
  readonly sha256: string
}

/**
 * Unpacks members of a bundle, or copies those of a folder, off the JavaScript thread: every file is on the disk when the promise resolves.
 *
 * @param path - absolute path of a bundle, or of the folder that one was unpacked into
 * @param out - absolute path of a folder that holds none of the members
 * @throws `blob/absent`, `blob/altered`, `blob/long` · `bundle/invalid` · `blob/full` · `native/io` · `native/cancelled`
 */
export async function unpackBundle(
  { path, members, out, maxBytes }: { path: string; members: readonly string[]; out: string; maxBytes: number },
  signal?: AbortSignal,
): Promise<UnpackedFile[]> {
  const request = { path, members: [...members], out, maxBytes, maxMembers: defaultScanLimits.maxMembers }
  return withCancelFlag(signal, (flag) => unpackNatively(request, flag))
}
