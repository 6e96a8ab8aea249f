import {
  type AskedPackage,
  type AskedVersion,
  askedPackage as askedNatively,
  evaluateVersion as evaluateNatively,
  type VersionVerdict,
} from '#binding'

export type { AskedPackage, AskedVersion, VersionVerdict } from '#binding'

/**
 * Whether a version of a package is affected by an advisory, by the OSV schema's algorithm ("Evaluation") and the order of versions of its
 * ecosystem; `unknown` where it cannot be told, never a guess.
 *
 * @param record - JSON of an OSV record
 */
export function evaluateVersion(record: string, asked: AskedVersion): VersionVerdict {
  return evaluateNatively(record, asked)
}

/** What a package URL (github.com/package-url/purl-spec) asks about: package, version, and distribution with its release; null for what is none. */
export function askedPackage(purl: string): AskedPackage | null {
  return askedNatively(purl)
}
