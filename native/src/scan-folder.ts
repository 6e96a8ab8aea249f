import { type ScanLimits, type ScanReport, scanFolder as scanNatively } from '#binding'

import { withCancelFlag } from './cancellation.ts'
import { defaultScanLimits } from './scan-bundle.ts'

/**
 * Reads a folder as the bundle that was unpacked into it, off the JavaScript thread: regular files only; links, devices and names
 * that no bundle can hold are faults and are not followed. Empty folders count for nothing.
 *
 * @param path - absolute path of the folder
 * @param options - limits that differ from `defaultScanLimits`; `signal` stops the work at the next MiB
 * @returns as `scanBundle`; `mtime` is null
 * @throws `native/io`, `request/invalid`, `native/cancelled`
 */
export function scanFolder(
  path: string,
  { signal, ...limits }: Partial<ScanLimits> & { signal?: AbortSignal | undefined } = {},
): Promise<ScanReport> {
  return withCancelFlag(signal, (flag) => scanNatively(path, { ...defaultScanLimits, ...limits }, flag))
}
