import { MAX_BUNDLE_MEMBERS } from '@stella/contracts'

import { readMember as readNatively } from '#binding'

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
