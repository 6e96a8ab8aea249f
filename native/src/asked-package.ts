import { askedPackage as askedNatively } from '#binding'

/**
 * The package that a package URL (github.com/package-url/purl-spec) asks about, as the index of a mirror names it: without version and qualifiers; null
 * for what is none.
 */
export function askedPackage(purl: string): string | null {
  return askedNatively(purl)
}
