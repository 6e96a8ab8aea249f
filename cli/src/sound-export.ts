import type { ExportManifest, PublicKey } from '@stella/contracts'
import { type Verdict, verifyExport } from '@stella/core'
import type { ReadExport } from '@stella/native'

import { unsound } from './commands/verify.ts'
import { readPublishedExport } from './published-export.ts'

/** An export that was verified. */
export interface SoundExport extends Pick<Verdict, 'encryptedTo'> {
  readonly manifest: ExportManifest
  readonly published: ReadExport
}

/** Reads all of an export, a bundle or its folder, and verifies it. @throws CommandFailure `integrity` for one that is not sound · as `readPublishedExport` */
export async function readSoundExport(
  path: string,
  keys: readonly PublicKey[],
  signal: AbortSignal,
): Promise<SoundExport> {
  const published = await readPublishedExport({ path }, signal)
  const verdict = verifyExport({ ...published, keys })
  const { ok, manifest, encryptedTo } = verdict
  if (!ok || !manifest) throw unsound(path, verdict)
  return { published, manifest, encryptedTo }
}
