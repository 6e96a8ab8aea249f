import { bundlePaths, type ExportManifest, indexPaths, type PublicKey } from '@stella/contracts'
import { CommandFailure, type ExportFault, unsoundExport, type Verdict, verifyExport } from '@stella/core'

import { type ReadExport, readPublishedExport } from './read-published-export.ts'

/** Faults that a refusal names. */
const MAX_TOLD = 10

/** An export that was verified, and that can be read. */
export interface SoundExport {
  readonly manifest: ExportManifest
  /** The key that signed it; of what was merged, the last manifest that it was merged of. */
  readonly keyId: string
  readonly published: ReadExport
}

/** An export that was verified, encrypted or not. */
export interface VerifiedExport {
  readonly published: ReadExport
  readonly verdict: Verdict
}

/**
 * Reads all of an export, a bundle or its folder, and verifies it; an encrypted one as far as that can be done without a key.
 * @throws CommandFailure `integrity` for one that is not sound, with what is wrong · as `requireNoIndex` · as `readPublishedExport`
 */
export async function readVerifiedExport(
  path: string,
  keys: readonly PublicKey[],
  signal: AbortSignal,
): Promise<VerifiedExport> {
  const published = await readPublishedExport({ path, name: path }, signal)
  requireNoIndex(path, published)
  const verdict = verifyExport({ ...published, keys })
  if (!verdict.ok) throw unsound(path, verdict.faults)
  return { published, verdict }
}

/** The same of what is to be read. @throws CommandFailure `integrity` also for what is encrypted */
export async function readSoundExport(
  path: string,
  keys: readonly PublicKey[],
  signal: AbortSignal,
): Promise<SoundExport> {
  const { published, verdict } = await readVerifiedExport(path, keys, signal)
  const { manifest, keyId, isEncrypted } = verdict
  if (isEncrypted) throw encrypted(path)
  if (!manifest || !keyId) throw unsound(path, verdict.faults)
  return { published, manifest, keyId }
}

function encrypted(path: string): CommandFailure {
  const advice = `decrypt it first: stella mirror decrypt ${path} --out <file>, with --identity or --data-key`
  return new CommandFailure('integrity', `${path} cannot be read: it is encrypted`, advice)
}

/** @throws CommandFailure `usage` for an export in parts, and for its index alone, where one bundle is wanted */
export function requireNoIndex(path: string, { members }: Pick<ReadExport, 'members'>): void {
  const holds = (file: string) => members.some((member) => member.path === file)
  if (!holds(indexPaths.index) || holds(bundlePaths.manifest)) return
  const known: readonly string[] = Object.values(indexPaths)
  if (members.every((member) => known.includes(member.path))) throw indexAlone(path)
  const advice = 'give one of its parts, or export it by a profile without sharding'
  throw new CommandFailure('usage', `${path} cannot be used here: it is an export in parts`, advice)
}

/** The bundle of a run in parts holds its index and no part. */
function indexAlone(path: string): CommandFailure {
  const advice = 'unpack it into the folder of its parts, and give the folder; `stella export run download` does so'
  return new CommandFailure('usage', `${path} cannot be used alone: it is the index of an export in parts`, advice)
}

/** Why nothing is done with an export that is not sound, and what is wrong with it. */
export function unsound(path: string, faults: readonly ExportFault[]): CommandFailure {
  const { kind, message, advice } = unsoundExport(path, faults)
  const told = faults.slice(0, MAX_TOLD).map((fault) => `${fault.path}: ${fault.reason}`)
  const more = faults.length > MAX_TOLD ? [`and ${faults.length - MAX_TOLD} more`] : []
  return new CommandFailure(kind, message, advice, { details: [...told, ...more] })
}
