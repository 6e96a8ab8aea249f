import type { ExportManifest, PublicKey } from '@stella/contracts'
import { CommandFailure, type ExportFault, unsoundExport, type Verdict, verifyExport } from '@stella/core'

import { type ReadExport, readPublishedExport } from './read-published-export.ts'

/** Faults that a refusal names. */
const MAX_TOLD = 10

/** An export that was verified. */
export interface SoundExport extends Pick<Verdict, 'encryptedTo'> {
  readonly manifest: ExportManifest
  /** The key that signed it; of what was merged, the last manifest that it was merged of. */
  readonly keyId: string
  readonly published: ReadExport
}

/**
 * Reads all of an export, a bundle or its folder, and verifies it.
 * @throws CommandFailure `integrity` for one that is not sound, with what is wrong · as `readPublishedExport`
 */
export async function readSoundExport(
  path: string,
  keys: readonly PublicKey[],
  signal: AbortSignal,
): Promise<SoundExport> {
  const published = await readPublishedExport({ path, name: path }, signal)
  const { ok, manifest, keyId, encryptedTo, faults } = verifyExport({ ...published, keys })
  if (!ok || !manifest || !keyId) throw unsound(path, faults)
  return { published, manifest, keyId, encryptedTo }
}

function unsound(path: string, faults: readonly ExportFault[]): CommandFailure {
  const { kind, message, advice } = unsoundExport(path, faults)
  const told = faults.slice(0, MAX_TOLD).map((fault) => `${fault.path}: ${fault.reason}`)
  const more = faults.length > MAX_TOLD ? [`and ${faults.length - MAX_TOLD} more`] : []
  return new CommandFailure(kind, message, advice, { details: [...told, ...more] })
}
