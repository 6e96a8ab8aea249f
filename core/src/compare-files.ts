import {
  bundlePaths,
  type ExportContent,
  type ExportFile,
  encryptedPaths,
  mirrorPaths,
  type TrivyDatabase,
  trivyDatabaseOf,
  trivyOmittedPath,
  trivySignaturePath,
} from '@stella/contracts'

import { chainFiles } from './chain-paths.ts'
import { compareMirror } from './compare-mirror.ts'
import { ABSENT, type ExportFault } from './export-fault.ts'
import type { EncryptedVerdict } from './verify-encrypted.ts'

/** A file as it was found in a bundle or a folder. */
export interface ScannedMember {
  readonly path: string
  readonly sizeBytes: number
  /** 64 lower-case hexadecimal characters. */
  readonly sha256: string
  /** Lines of a `.jsonl.zst`, decompressed; null for every other file, and where they could not be counted. */
  readonly lines: number | null
}

const groupOfLines = {
  'advisories/normalized.jsonl.zst': 'advisories',
  'vex/normalized.jsonl.zst': 'vex',
} as const
const described: ReadonlySet<string> = new Set(Object.values(bundlePaths))
const summaries: ReadonlySet<string> = new Set(Object.values(mirrorPaths))
const ofEncryption: ReadonlySet<string> = new Set(Object.values(encryptedPaths))

/** What says which files lie in an export besides those that its manifest names. */
export interface ComparedBesides {
  readonly encrypted: Pick<EncryptedVerdict, 'files'> | null
  /** Folders of the signed manifests that it was merged of. */
  readonly chain: readonly string[]
}

/**
 * Compares the files that a manifest names with those that are there: absent, extra and doubled ones, sizes, digests, counts. Of an encrypted
 * mirror these are the files that `encrypted` names, and nothing can be counted; where that cannot be read, nothing is compared but what is readable.
 */
export function compareFiles(
  content: ExportContent,
  members: readonly ScannedMember[],
  { encrypted, chain }: ComparedBesides,
): ExportFault[] {
  const ofChain = new Set(chain.flatMap((folder) => Object.values(chainFiles(folder))))
  const isDescribed = (path: string) =>
    described.has(path) ||
    (trivyDatabaseOf(content.profile) !== null && path === trivySignaturePath) ||
    (content.mirror !== undefined && summaries.has(path)) ||
    (encrypted ? ofEncryption : ofChain).has(path)
  if (encrypted) {
    const { files } = encrypted
    return compareNamed(files ?? [], members, {
      list: encryptedPaths.list,
      isBeside: files ? isDescribed : () => true,
    })
  }
  const found = new Map(members.map((member) => [member.path, member]))
  return [
    ...compareNamed(content.files, members, { list: bundlePaths.manifest, isBeside: isDescribed }),
    ...compareCounts(content, found, chain.length > 0),
  ]
}

/** Compares the files of a mirror that is encrypted strictly with its list: nothing else is readable. */
export function compareStrictly(files: readonly ExportFile[], members: readonly ScannedMember[]): ExportFault[] {
  return compareNamed(files, members, { list: encryptedPaths.list, isBeside: (path) => ofEncryption.has(path) })
}

/** What names files, and which others may lie beside these. */
interface Naming {
  readonly list: string
  isBeside(path: string): boolean
}

function compareNamed(
  files: readonly ExportFile[],
  members: readonly ScannedMember[],
  { list, isBeside }: Naming,
): ExportFault[] {
  const found = new Map(members.map((member) => [member.path, member]))
  const named = new Set(files.map(({ path }) => path))
  const seen = new Set<string>()
  const doubled = members.filter(({ path }) => seen.size === seen.add(path).size)
  const extra = members.filter(({ path }) => !named.has(path) && !isBeside(path))
  return [
    ...doubled.map(({ path }) => ({ path, reason: 'it is there more than once' })),
    ...extra.map(({ path }) => ({ path, reason: `it is not among the files of ${list}` })),
    ...files.flatMap((file) => compareFile(file, found.get(file.path))),
  ]
}

function compareFile({ path, size, sha256 }: ExportFile, member: ScannedMember | undefined): ExportFault[] {
  if (!member) return [{ path, reason: ABSENT }]
  if (described.has(path)) return [{ path, reason: 'export.json names it among the data files' }]
  if (member.sizeBytes < size) return [{ path, reason: `it is short: ${member.sizeBytes} of ${size} bytes` }]
  if (member.sizeBytes > size) return [{ path, reason: `it is long: ${member.sizeBytes} instead of ${size} bytes` }]
  if (member.sha256 !== sha256)
    return [{ path, reason: `it was altered: SHA-256 ${member.sha256} instead of ${sha256}` }]
  return []
}

function compareCounts(
  content: ExportContent,
  found: ReadonlyMap<string, ScannedMember>,
  isMerged: boolean,
): ExportFault[] {
  const { counts, files, profile } = content
  // What a database holds is for its readers to count.
  const database = trivyDatabaseOf(profile)
  if (database) return requireDatabase(database, files)
  if (content.mirror) return compareMirror(content, found, isMerged)
  const faults = Object.entries(groupOfLines).flatMap(([path, group]) => {
    const file = files.find((entry) => entry.path === path)
    if (!file)
      return counts[group] === 0
        ? []
        : [{ path, reason: `export.json counts ${counts[group]} ${group} but no such file` }]

    const member = found.get(path)
    if (member?.sha256 !== file.sha256 || member.lines === counts[group]) return []
    return [
      {
        path,
        reason: `it holds ${member.lines ?? 'no countable'} lines, export.json counts ${counts[group]} ${group}`,
      },
    ]
  })
  const sboms = files.filter(({ path }) => path.startsWith('sboms/')).length
  if (sboms === counts.sboms) return faults
  return [...faults, { path: bundlePaths.manifest, reason: `it counts ${counts.sboms} sboms and names ${sboms}` }]
}

function requireDatabase(database: TrivyDatabase, files: readonly ExportFile[]): ExportFault[] {
  const missing = [database.path, trivyOmittedPath].filter((wanted) => !files.some(({ path }) => path === wanted))
  return missing.map((path) => ({ path, reason: 'export.json is of a Trivy database but names no such file' }))
}
