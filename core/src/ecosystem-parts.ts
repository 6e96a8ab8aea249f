import { type Filters, MAX_FILTER_VALUES, Problem } from '@stella/contracts'

import { effectiveFilters } from './effective-filters.ts'
import { type PlannedPart, requireFewParts } from './parts.ts'

/** How much of a scope is of an ecosystem and of none before it; null: of none that was asked for. */
export interface EcosystemExtent {
  readonly ecosystem: string | null
  readonly records: number
  readonly bytes: number
}

/**
 * Ecosystems of OSV documents, in lower case, sorted (ossf.github.io/osv-schema, "Defined ecosystems"; Amazon and Oracle Linux as in other
 * sources). A name that is missing here costs no record: it goes into the part of all others.
 */
const knownEcosystems: readonly string[] = [
  'almalinux',
  'alpaquita',
  'alpine',
  'amazon linux',
  'android',
  'azure linux',
  'bellsoft hardened containers',
  'bioconductor',
  'bitnami',
  'chainguard',
  'cleanstart',
  'conancenter',
  'cran',
  'crates.io',
  'debian',
  'docker hardened images',
  'echo',
  'freebsd',
  'ghc',
  'github actions',
  'go',
  'hackage',
  'hex',
  'julia',
  'kubernetes',
  'linux',
  'mageia',
  'maven',
  'minimos',
  'npm',
  'nuget',
  'opam',
  'openeuler',
  'opensuse',
  'oracle linux',
  'oss-fuzz',
  'packagist',
  'photon os',
  'pub',
  'pypi',
  'red hat',
  'rocky linux',
  'root',
  'rubygems',
  'suse',
  'swifturl',
  'ubuntu',
  'vscode',
  'wolfi',
]

/** The ecosystems that an export is cut by: those of its filters, or all that are known. */
export function ecosystemsToCutBy({ ecosystems }: Filters): readonly string[] {
  return ecosystems ?? knownEcosystems
}

/**
 * Cuts a part by ecosystem: a part for each that holds a record, which excludes those before it, and a last one for the rest. So every record
 * is in exactly one of them: one of several ecosystems in that of the first.
 * @throws `plan/too-large` where they are more than `MAX_PARTS`, or would exclude more than `MAX_FILTER_VALUES`
 */
export function cutByEcosystem({ filters }: PlannedPart, extents: readonly EcosystemExtent[]): readonly PlannedPart[] {
  const held = extents.filter(({ records }) => records > 0)
  const excluded = [...(filters.exclude_ecosystems ?? [])]
  const parts = held.map(({ ecosystem, records, bytes }) => {
    const narrowed = effectiveFilters(filters, {
      ...(ecosystem === null ? {} : { ecosystems: [ecosystem] }),
      ...(excluded.length === 0 ? {} : { exclude_ecosystems: [...excluded] }),
    })
    if (ecosystem !== null) excluded.push(ecosystem)
    return { filters: narrowed, records, estimatedBytes: bytes }
  })
  if (excluded.length > MAX_FILTER_VALUES) {
    throw new Problem(
      'plan/too-large',
      `a part by ecosystem would exclude ${excluded.length} others, at most ${MAX_FILTER_VALUES} are allowed: exclude fewer, or cut by kind or time`,
    )
  }
  return requireFewParts(parts)
}
