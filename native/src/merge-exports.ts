import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { bundlePaths, type ExportManifest, mirrorPaths, type PublicKey } from '@stella/contracts'
import {
  type ChainFiles,
  CommandFailure,
  chainFault,
  chainFiles,
  chainPath,
  decodeManifest,
  encodeManifest,
  encodeMergedProvenance,
  encodeSummary,
  isMerged,
  type MergedOf,
  mergedManifest,
  mergedReadme,
  mirrorOf,
  withheldAfter,
  withheldItems,
} from '@stella/core'
import { besideOf } from './beside-of.ts'
import { mergedFiles } from './merged-files.ts'
import type { BundleMember } from './pack-bundle.ts'
import { packExport } from './pack-export.ts'
import { readSoundExport, type SoundExport } from './sound-export.ts'
import { zstdVersion } from './zstd-version.ts'

/** Bundles to merge: deltas into a mirror, or where there is no base into one delta. */
export interface ExportsToMerge {
  readonly base: string | null
  readonly deltas: readonly string[]
  readonly out: string
  readonly keys: readonly PublicKey[]
}

/** A bundle that was verified, and the signed manifests that it stands for: its own, or those that it was merged of. */
interface Verified {
  readonly name: string
  readonly manifest: ExportManifest
  readonly sound: SoundExport
  readonly signed: readonly ChainFiles[]
}

/** What was merged, and the deltas as they were verified. */
export interface MergedExports {
  readonly manifest: ExportManifest
  readonly deltas: readonly SoundExport[]
}

/**
 * Verifies all bundles and that they follow each other, then merges them into a file, which is put in place whole once what it holds has come to
 * the state that the last delta states.
 * @throws CommandFailure `integrity` for bundles that are not sound, are out of order, or of another mirror, before anything is written ·
 *   `failed` where another version wrote them
 */
export async function mergeExports(asked: ExportsToMerge, signal: AbortSignal): Promise<MergedExports> {
  const base = asked.base === null ? null : await verified(asked.base, asked.keys, signal)
  const deltas: Verified[] = []
  for (const path of asked.deltas) deltas.push(await verified(path, asked.keys, signal))
  const fault = chainFault(base, deltas)
  if (fault !== null) throw broken(fault)

  const chain = [...(base ? [base] : []), ...deltas].flatMap(({ signed }) => signed)
  const manifests = chain.flatMap(({ manifestBytes }) => (manifestBytes && decodeManifest(manifestBytes)) ?? [])
  const of: MergedOf = base
    ? { base: manifests[0] ?? null, deltas: manifests.slice(1) }
    : { base: null, deltas: manifests }
  const last = manifests.at(-1)
  const stateRoot = last?.content.mirror?.state_root
  if (!last || stateRoot === undefined) throw broken(`${asked.deltas.at(-1)} is no delta`)
  requireOwnVersion(last)

  return besideOf(asked.out, async (scratch) => {
    const merged = await mergedFiles(
      {
        places: [...(asked.base === null ? [] : [asked.base]), ...asked.deltas],
        making: base ? 'mirror' : 'delta',
        items: withheldItems(withheldAfter(of).withheld),
        readme: mergedReadme(of),
        level: mirrorOf(last).compression.level,
        scratch,
      },
      signal,
    )
    if (base && merged.stateRoot !== stateRoot) throw otherState(asked, merged.stateRoot)
    const manifest = mergedManifest(of, merged.kinds, merged.files)
    const members = [...merged.members, ...(await documents(manifest, { chain, manifests, scratch }))]
    await packExport(manifest, { members, scratch, out: asked.out }, signal)
    return { manifest, deltas: deltas.map(({ sound }) => sound) }
  })
}

async function verified(path: string, keys: readonly PublicKey[], signal: AbortSignal): Promise<Verified> {
  const sound = await readSoundExport(path, keys, signal)
  const { manifest } = sound
  const { manifestBytes, signatureBytes, chain } = sound.published
  const signed = isMerged(manifest) ? chain : [{ path, manifestBytes, signatureBytes }]
  return { name: path, manifest, sound, signed }
}

interface Evidence {
  readonly chain: readonly ChainFiles[]
  readonly manifests: readonly ExportManifest[]
  readonly scratch: string
}

/** The files that say what was merged, and of what. */
async function documents(manifest: ExportManifest, { chain, manifests, scratch }: Evidence): Promise<BundleMember[]> {
  const signed = chain.flatMap(({ manifestBytes, signatureBytes }, place): [string, Uint8Array][] => {
    const paths = chainFiles(chainPath(place))
    return [
      [paths.manifest, manifestBytes ?? Buffer.alloc(0)],
      [paths.signature, signatureBytes ?? Buffer.alloc(0)],
    ]
  })
  const all: [string, Uint8Array][] = [
    [bundlePaths.manifest, encodeManifest(manifest)],
    [bundlePaths.provenance, encodeMergedProvenance(manifest, manifests)],
    [mirrorPaths.summary, encodeSummary(manifest)],
    ...signed,
  ]
  const members: BundleMember[] = []
  for (const [place, [path, bytes]] of all.entries()) {
    const file = join(scratch, `document-${place}`)
    await writeFile(file, bytes)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    members.push({ path, sizeBytes: bytes.length, sha256, parts: [{ file, offset: 0, sizeBytes: bytes.length }] })
  }
  return members
}

/** Other versions compress equal records to other bytes. */
function requireOwnVersion(last: ExportManifest): void {
  const { library } = mirrorOf(last).compression
  const own = `zstd ${zstdVersion()}`
  if (library === own) return
  const advice = 'use the version of stella that the mirror was written by, or get a full mirror'
  throw new CommandFailure('failed', `the mirror was compressed by ${library}, and this stella has ${own}`, advice)
}

function broken(fault: string): CommandFailure {
  const advice = 'give the deltas that lead from the revision of the base to the wanted one, the oldest first'
  return new CommandFailure('integrity', `nothing was written: ${fault}`, advice)
}

function otherState({ deltas }: ExportsToMerge, root: string): CommandFailure {
  const message = `nothing was written: the records come to the state ${root}, and ${deltas.at(-1)} states another`
  return new CommandFailure('integrity', message, 'get a full mirror, and tell whoever made the delta')
}
