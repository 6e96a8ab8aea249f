import { type ExportContent, mirrorReadmePath } from '@stella/contracts'

import type { ScannedMember } from './compare-files.ts'
import type { ExportFault } from './export-fault.ts'

const foldersOfLines = [
  ['advisories/normalized/', 'advisories'],
  ['vex/normalized/', 'vex'],
  ['sboms/graph/', 'sboms'],
] as const
const ofGroups = /^(?:(?:advisories|vex)\/normalized|sboms\/graph)\/\d{6}\.jsonl\.zst$/
const ofDocuments = /^(advisories|vex|sboms)\/raw\/(\d{6})\.tar\.zst$/
const indexes = /^indexes\/(?:advisories|vex|sbom)\.index\.json$/
const ofChanges = /^(?:(?:advisories|vex|sboms)\/(?:added|removed)\.jsonl)$/
const changelogs = new Set(['changelog.json', 'CHANGELOG.md'])

/**
 * Compares the files that the manifest of a mirror names with those that a mirror has, and their lines with its counts: records lie in many files, each
 * of which holds some. What was merged has no changelog, since nobody has signed one. What else the files hold, its indexes tell.
 */
export function compareMirror(
  { counts, files, delta }: ExportContent,
  found: ReadonlyMap<string, ScannedMember>,
  isMerged: boolean,
): ExportFault[] {
  const paths = new Set(files.map(({ path }) => path))
  const isOfMirror = (path: string) => {
    const [, folder, group] = ofDocuments.exec(path) ?? []
    if (folder !== undefined)
      return paths.has(`${folder}/${folder === 'sboms' ? 'graph' : 'normalized'}/${group}.jsonl.zst`)
    if (delta && (ofChanges.test(path) || (!isMerged && changelogs.has(path)))) return true
    return path === mirrorReadmePath || indexes.test(path) || ofGroups.test(path)
  }
  const others = files.filter(({ path }) => !isOfMirror(path))
  const empty = files.filter(({ path }) => ofGroups.test(path) && found.get(path)?.lines === 0)
  return [
    ...others.map(({ path }) => ({ path, reason: 'no mirror has such a file' })),
    ...empty.map(({ path }) => ({ path, reason: 'it holds no records' })),
    ...foldersOfLines.flatMap(([folder, group]) => {
      const ofGroup = files.filter(({ path }) => path.startsWith(folder))
      const lines = ofGroup.reduce((sum, { path }) => sum + (found.get(path)?.lines ?? 0), 0)
      const isWhole = ofGroup.every(({ path, sha256 }) => found.get(path)?.sha256 === sha256)
      if (!isWhole || lines === counts[group]) return []
      return [{ path: folder, reason: `it holds ${lines} lines, export.json counts ${counts[group]} ${group}` }]
    }),
  ]
}
