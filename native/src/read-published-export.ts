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

/** What a damaged member is refused with. */
const damage: ReadonlySet<ProblemCode> = new Set(['blob/absent', 'blob/long', 'blob/altered', 'bundle/invalid'])

/**
 * Reads all of an export: digests of its files, and the few files that describe it. Nothing that it holds is trusted; damage is a fault.
 * @throws `native/io`, `native/cancelled`; CommandFailure as `scanExport`
 */
export async function readPublishedExport(place: ExportLocation, signal: AbortSignal): Promise<ReadExport> {
  const scan = await scanExport(place.path, signal)
  const containerFaults = scan.faults.map(({ path, reason }) => ({ path: path ?? place.name, reason }))
  const names = new Set(scan.members.map(({ path }) => path))
  const read = async (member: string, maxBytes: number) =>
    names.has(member) ? readDescribed({ place, member, maxBytes, faults: containerFaults, signal }) : null
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

interface MirrorPlace extends Omit<Described, 'member' | 'maxBytes'> {
  readonly names: ReadonlySet<string>
  readonly read: (member: string, maxBytes: number) => Promise<Buffer | null>
}

/** What mirrors alone have. */
async function readMirror({ place, names, read, faults, signal }: MirrorPlace, manifestBytes: Buffer | null) {
  const chain: ChainFiles[] = []
  for (let path = chainPath(0); names.has(chainFiles(path).manifest); path = chainPath(chain.length)) {
    const { manifest, signature } = chainFiles(path)
    const signatureBytes = await read(signature, MAX_SIGNATURE_BYTES)
    chain.push({ path, manifestBytes: await read(manifest, MAX_MANIFEST_BYTES), signatureBytes })
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
  readonly maxBytes: number
  readonly faults: ExportFault[]
  readonly signal: AbortSignal
}

/** A member whole, or null and a fault: a damaged one is what a verification is there to find. */
async function readDescribed({ place, member, maxBytes, faults, signal }: Described): Promise<Buffer | null> {
  try {
    return await readMember(resolve(place.path), member, maxBytes, signal)
  } catch (error) {
    const { code, message } = toProblem(error)
    if (!damage.has(code)) throw error
    if (!faults.some(({ path }) => path === member)) faults.push({ path: member, reason: message })
    return null
  }
}
