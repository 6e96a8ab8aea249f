import { resolve } from 'node:path'

import { CommandFailure } from '@stella/core'
import { type ReadExport, type ScannedMember, type SoundExport, unpackBundle } from '@stella/native'

import type { ReceiptIndex } from './receipt.ts'

/** What a bundle holds, once it was verified. */
interface Held extends Pick<SoundExport, 'manifest' | 'keyId'> {
  readonly published: Pick<ReadExport, 'manifestBytes'> & {
    readonly members: readonly Pick<ScannedMember, 'path' | 'sizeBytes' | 'sha256'>[]
  }
}

/** A sound export, and where it lies. */
export interface Source {
  readonly path: string
  readonly sound: Held
  /** Of a mirror that was assembled of parts: its index. */
  readonly index?: ReceiptIndex | null
}

/**
 * Unpacks members of a sound export, all unless some are named, into a folder, and compares what is on the disk with what was verified, whoever
 * may have changed the bundle meanwhile.
 * @throws CommandFailure `integrity` where it was changed · what `unpackBundle` throws
 */
export async function unpackVerified(
  { path, sound }: Source,
  { out, only }: { readonly out: string; readonly only?: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  const members = sound.published.members.filter((member) => only?.includes(member.path) ?? true)
  const paths = members.map((member) => member.path)
  const maxBytes = members.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const unpacked = await unpackBundle({ path: resolve(path), members: paths, out, maxBytes }, signal)
  const verified = new Map(members.map((member) => [member.path, member.sha256]))
  const other = unpacked.find((file) => verified.get(file.path) !== file.sha256)
  if (!other) return
  const message = `${path} was not imported: ${other.path} was changed while it was imported`
  throw new CommandFailure('integrity', message, 'get it again, and import it alone')
}
