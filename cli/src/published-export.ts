import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'

import { bundlePaths, MAX_MANIFEST_BYTES, MAX_SIGNATURE_BYTES, type ProblemCode, toProblem } from '@stella/contracts'
import type { ExportFault, PublishedExport } from '@stella/core'
import { readMember, type ScanReport, scanBundle, scanFolder } from '@stella/native'

import { inputFailure, readInputFile } from './input-file.ts'

/** Where an export lies. `manifest` and `sig` are files that stand in for those inside of it, and must equal them where both are there. */
export interface ExportPlace {
  /** A bundle, or the folder that one was unpacked into. */
  readonly path: string
  readonly manifest?: string
  readonly sig?: string
}

/** What a verification looks at, but for the keys. */
export type ReadExport = Omit<PublishedExport, 'keys'>

/**
 * Reads all of an export: digests of its files, and the few files that describe it. Nothing that it holds is trusted.
 * @throws CommandFailure `notFound` where there is none
 */
export async function readPublishedExport(place: ExportPlace, signal: AbortSignal): Promise<ReadExport> {
  const scan = await scanExport(place.path, signal)
  const containerFaults = scan.faults.map(({ path, reason }) => ({ path: path ?? place.path, reason }))
  const names = new Set(scan.members.map(({ path }) => path))
  const read = async (member: string, maxBytes: number) =>
    names.has(member) ? readDescribed({ place, member, maxBytes, faults: containerFaults, signal }) : null

  const inside = {
    manifest: await read(bundlePaths.manifest, MAX_MANIFEST_BYTES),
    signature: await read(bundlePaths.signature, MAX_SIGNATURE_BYTES),
  }
  const given = {
    manifest: await readGiven(place.manifest, MAX_MANIFEST_BYTES),
    signature: await readGiven(place.sig, MAX_SIGNATURE_BYTES),
  }
  for (const name of ['manifest', 'signature'] as const) {
    const [outside, within] = [given[name], inside[name]]
    if (outside === null || within === null || outside.equals(within)) continue
    const file = name === 'manifest' ? place.manifest : place.sig
    containerFaults.push({ path: bundlePaths[name], reason: `it differs from ${file}` })
  }
  return {
    container: { path: place.path, mtime: scan.mtime },
    members: scan.members,
    manifestBytes: given.manifest ?? inside.manifest,
    signatureBytes: given.signature ?? inside.signature,
    provenanceBytes: await read(bundlePaths.provenance, MAX_MANIFEST_BYTES),
    provenanceBundleBytes: await read(bundlePaths.provenanceBundle, MAX_SIGNATURE_BYTES),
    containerFaults,
  }
}

/** Size and digest of every file of a bundle or a folder, and what is wrong with the container. @throws CommandFailure `notFound` */
export async function scanExport(path: string, signal: AbortSignal): Promise<ScanReport> {
  const stats = await stat(path).catch((cause: unknown) => Promise.reject(inputFailure(path, cause)))
  return stats.isDirectory() ? scanFolder(resolve(path), { signal }) : scanBundle(resolve(path), { signal })
}

interface Described {
  readonly place: ExportPlace
  readonly member: string
  readonly maxBytes: number
  readonly faults: ExportFault[]
  readonly signal: AbortSignal
}

/** What a damaged member is refused with. */
const damage: ReadonlySet<ProblemCode> = new Set(['blob/absent', 'blob/long', 'blob/altered', 'bundle/invalid'])

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

async function readGiven(path: string | undefined, maxBytes: number): Promise<Buffer | null> {
  return path === undefined ? null : readInputFile(path, maxBytes)
}
