import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'

import {
  bundlePaths,
  encryptedPaths,
  MAX_MANIFEST_BYTES,
  MAX_SIGNATURE_BYTES,
  mirrorPaths,
  type ProblemCode,
  toProblem,
  trivySignaturePath,
} from '@stella/contracts'
import {
  type ChainFiles,
  type CheckedRecords,
  CommandFailure,
  chainFiles,
  chainPath,
  decodeManifest,
  type ExportFault,
  inputFailure,
  type PublishedExport,
  withheldItems,
} from '@stella/core'

import { checkMirror } from './check-mirror.ts'
import { readMember } from './read-member.ts'
import { type ScanReport, scanBundle } from './scan-bundle.ts'
import { scanFolder } from './scan-folder.ts'

/** What a verification looks at, but for the keys. */
export type ReadExport = Omit<PublishedExport, 'keys'>

/** Where an export lies: a bundle, or the folder that one was unpacked into. */
export interface ExportLocation {
  readonly path: string
  /** How faults name it. */
  readonly name: string
}

/** Signed manifests that something was merged of, at most; all of them together are as large as one may be. */
const MAX_CHAIN = 1000
const MAX_CHAIN_SIGNATURE_BYTES = 64 * 1024

/** What a damaged member is refused with. */
const damage: ReadonlySet<ProblemCode> = new Set(['blob/absent', 'blob/long', 'blob/altered', 'bundle/invalid'])

/**
 * Reads all of an export: digests of its files, and the few files that describe it. Nothing that it holds is trusted; damage is a fault.
 * @throws `native/io`, `native/cancelled`; CommandFailure as `scanExport`
 */
export async function readPublishedExport(place: ExportLocation, signal: AbortSignal): Promise<ReadExport> {
  const scan = await scanExport(place.path, signal)
  const containerFaults = scan.faults.map(({ path, reason }) => ({ path: path ?? place.name, reason }))
  const names = new Map(scan.members.map(({ path, sha256 }) => [path, sha256]))
  const read = async (member: string, maxBytes: number) => {
    const sha256 = names.get(member)
    if (sha256 === undefined) return null
    return readDescribed({ place, member, sha256, maxBytes, faults: containerFaults, signal })
  }
  const manifestBytes = await read(bundlePaths.manifest, MAX_MANIFEST_BYTES)
  return {
    container: { path: place.name, mtime: scan.mtime },
    members: scan.members,
    manifestBytes,
    signatureBytes: await read(bundlePaths.signature, MAX_SIGNATURE_BYTES),
    provenanceBytes: await read(bundlePaths.provenance, MAX_MANIFEST_BYTES),
    provenanceBundleBytes: await read(bundlePaths.provenanceBundle, MAX_SIGNATURE_BYTES),
    databaseSignatureBytes: await read(trivySignaturePath, MAX_SIGNATURE_BYTES),
    encryptedBytes: await read(encryptedPaths.list, MAX_MANIFEST_BYTES),
    encryptedSignatureBytes: await read(encryptedPaths.signature, MAX_SIGNATURE_BYTES),
    ...(await readMirror({ place, names, read, faults: containerFaults, signal }, manifestBytes)),
    containerFaults,
  }
}

interface MirrorPlace extends Omit<Described, 'member' | 'sha256' | 'maxBytes'> {
  readonly names: ReadonlyMap<string, string>
  readonly read: (member: string, maxBytes: number) => Promise<Buffer | null>
}

/** What mirrors alone have. */
async function readMirror({ place, names, read, faults, signal }: MirrorPlace, manifestBytes: Buffer | null) {
  const chain: ChainFiles[] = []
  let leftBytes = MAX_MANIFEST_BYTES
  for (let path = chainPath(0); names.has(chainFiles(path).manifest); path = chainPath(chain.length)) {
    const { manifest, signature } = chainFiles(path)
    const signatureBytes = await read(signature, MAX_CHAIN_SIGNATURE_BYTES)
    const manifestBytes = await read(manifest, leftBytes)
    leftBytes -= manifestBytes?.length ?? 0
    chain.push({ path, manifestBytes, signatureBytes })
    if (chain.length < MAX_CHAIN && manifestBytes) continue
    if (chain.length >= MAX_CHAIN) faults.push({ path, reason: `it is the last of ${MAX_CHAIN} that are read` })
    break
  }
  // What is encrypted cannot be counted, and has no index that could be read.
  const isReadable = names.has(mirrorPaths.summary) && !names.has(encryptedPaths.list)
  return {
    summaryBytes: await read(mirrorPaths.summary, MAX_MANIFEST_BYTES),
    summarySignatureBytes: await read(mirrorPaths.summarySignature, MAX_SIGNATURE_BYTES),
    chain,
    checked: isReadable ? await checked(place, withheldOf(manifestBytes), faults, signal) : null,
  }
}

/** Entries of `withheld` of the manifest, where it can be read. */
function withheldOf(bytes: Buffer | null): string[] {
  return withheldItems((bytes && decodeManifest(bytes)?.content.withheld) ?? [])
}

/** What the records of a mirror come to; null and a fault where an index lies, or what it names is damaged. */
async function checked(
  place: ExportLocation,
  items: readonly string[],
  faults: ExportFault[],
  signal: AbortSignal,
): Promise<CheckedRecords | null> {
  try {
    return await checkMirror(place.path, items, signal)
  } catch (error) {
    const { code, message } = toProblem(error)
    if (!damage.has(code)) throw error
    faults.push({ path: 'indexes', reason: message })
    return null
  }
}

/**
 * Size and digest of every file of a bundle or a folder, and what is wrong with the container.
 * @throws CommandFailure `notFound` where there is none, `usage` for a pipe or a device
 */
export async function scanExport(path: string, signal: AbortSignal): Promise<ScanReport> {
  const found = await stat(path).catch((cause: unknown) => Promise.reject(inputFailure(path, cause)))
  if (found.isDirectory()) return scanFolder(resolve(path), { signal })
  if (found.isFile()) return scanBundle(resolve(path), { signal })
  // It would be read for ever, and cannot be sought in.
  const message = `${path} cannot be read: it is neither a file nor a folder`
  throw new CommandFailure('usage', message, 'write it to a file first')
}

interface Described {
  readonly place: ExportLocation
  readonly member: string
  /** Digest that the scan has found. */
  readonly sha256: string
  readonly maxBytes: number
  readonly faults: ExportFault[]
  readonly signal: AbortSignal
}

/** A member whole, or null and a fault: a damaged one is what a verification is there to find. */
async function readDescribed({ place, member, sha256, maxBytes, faults, signal }: Described): Promise<Buffer | null> {
  try {
    const bytes = await readMember(resolve(place.path), member, maxBytes, signal)
    if (createHash('sha256').update(bytes).digest('hex') === sha256) return bytes
    faults.push({ path: member, reason: 'it was changed while it was read' })
    return null
  } catch (error) {
    const { code, message } = toProblem(error)
    if (!damage.has(code)) throw error
    if (!faults.some(({ path }) => path === member)) faults.push({ path: member, reason: message })
    return null
  }
}
