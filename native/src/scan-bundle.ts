import { MAX_BUNDLE_MEMBERS, MAX_DOCUMENT_BYTES, MAX_FAULTS, MAX_MEMBER_BYTES } from '@stella/contracts'

import { type ScanLimits, type ScanReport, scanBundle as scanNatively } from '#binding'

import { withCancelFlag } from './cancellation.ts'

export type { ScanFault, ScanLimits, ScannedMember, ScanReport } from '#binding'

/** How much a scan reads, unpacks and lists when the caller does not say. Sizes in bytes. */
export const defaultScanLimits: ScanLimits = {
  maxMembers: MAX_BUNDLE_MEMBERS,
  maxMemberBytes: MAX_MEMBER_BYTES,
  maxTotalBytes: MAX_MEMBER_BYTES,
  maxLineBytes: MAX_DOCUMENT_BYTES,
  maxFaults: MAX_FAULTS,
}

/**
 * Verifies every byte of a bundle, off the JavaScript thread: frames, headers, padding, digest index and seek table must be exactly
 * what `packBundle` writes. Damage is no rejection but a fault, which names the member that the damaged bytes belong to where that
 * can be known (`path` is null for the container itself). A file of another kind has one fault.
 *
 * @param path - absolute path of the `.tar.zst`
 * @param options - limits that differ from `defaultScanLimits`; `signal` stops the work at the next frame
 * @returns members that could be read to their end, sorted by bytes of path; `lines` counts the lines of a `.jsonl.zst`; all faults
 * @throws `native/io`, `request/invalid`, `native/cancelled`
 */
export function scanBundle(
  path: string,
  { signal, ...limits }: Partial<ScanLimits> & { signal?: AbortSignal | undefined } = {},
): Promise<ScanReport> {
  return withCancelFlag(signal, (flag) => scanNatively(path, { ...defaultScanLimits, ...limits }, flag))
}
