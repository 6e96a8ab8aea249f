import { rename } from 'node:fs/promises'
import { join } from 'node:path'

import type { ExportManifest } from '@stella/contracts'
import { type BundleMember, packBundle } from './pack-bundle.ts'

/** Packs files as the bundle of a manifest, byte for byte as a run packs them, in a scratch folder beside `out`, and puts it in place whole. */
export async function packExport(
  { content }: ExportManifest,
  { members, scratch, out }: { readonly members: BundleMember[]; readonly scratch: string; readonly out: string },
  signal: AbortSignal,
): Promise<void> {
  const { level, frame_bytes: frameBytes } = content.compression
  const bundle = join(scratch, 'bundle')
  await packBundle({ out: bundle, members, mtime: Date.parse(content.ledger_time) / 1000, level, frameBytes }, signal)
  await rename(bundle, out)
}
