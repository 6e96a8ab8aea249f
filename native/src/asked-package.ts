import { type AskedPackage, askedPackage as askedNatively } from '#binding'

export type { AskedPackage } from '#binding'

/** What a package URL (github.com/package-url/purl-spec) asks about: package, version, and distribution with its release; null for what is none. */
export function askedPackage(purl: string): AskedPackage | null {
  return askedNatively(purl)
}
