import { MAX_BUNDLE_MEMBERS } from '@stella/contracts'

import { copyMember as copyNatively, readMember as readNatively } from '#binding'

import { withCancelFlag } from './cancellation.ts'

/**
 * Content of one member of a bundle, or of a folder that one was unpacked into, off the JavaScript thread. Of a bundle only the
 * member's own frames are read, and each is verified; damage elsewhere does not matter.
 *
 * @param path - absolute path of bundle or folder
 * @param member - relative path with `/` between segments
 * @param maxBytes - a larger member is refused
 * @param signal - stops the work at the next frame
 * @throws `blob/absent` when there is no such member; `blob/long` when it is larger than `maxBytes`; `blob/altered` when its frames
 * are damaged; `bundle/invalid` for an unsafe path; `request/invalid`, `native/io`, `native/cancelled`
 */
export function readMember(path: string, member: string, maxBytes: number, signal?: AbortSignal): Promise<Buffer> {
  return withCancelFlag(signal, (flag) =>
    readNatively({ path, member, maxBytes, maxMembers: MAX_BUNDLE_MEMBERS }, flag),
  )
}

/** A member to copy into a file. */
export interface MemberCopy {
  /** Absolute path of bundle or folder. */
  readonly path: string
  /** Relative path with `/` between segments. */
  readonly member: string
  /** Absolute path of the file, created or emptied. */
  readonly out: string
  /** A larger member is refused. */
  readonly maxBytes: number
}

/** As `readMember`, into a file, which is complete and synced when the promise resolves. @throws what `readMember` throws; `blob/full` */
export function copyMember({ path, member, out, maxBytes }: MemberCopy, signal?: AbortSignal): Promise<void> {
  const request = { path, member, maxBytes, maxMembers: MAX_BUNDLE_MEMBERS }
  return withCancelFlag(signal, (flag) => copyNatively(request, out, flag))
}
