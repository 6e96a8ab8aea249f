/** The parts of a package URL that name a package, decoded. */
interface PackageUrl {
  readonly type: string
  readonly namespace: readonly string[]
  readonly name: string
  readonly version: string | null
}

/** Types whose names, or namespaces, are the same in any case (package-url/purl-spec, type definitions). */
const lowerCaseNames = new Set(['bitbucket', 'composer', 'deb', 'github', 'hex', 'npm', 'pypi'])
const lowerCaseNamespaces = new Set(['apk', 'bitbucket', 'composer', 'deb', 'github', 'golang', 'hex', 'qpkg', 'rpm'])

/** What the native intake percent-encodes in a name or a version, beside control characters and all beyond ASCII. */
const encodedInVersion = /[^!$&'()*,\-./0-9:A-Z_a-z~]/gu
const encodedInName = /[^!$&'()*,\-.0-9:A-Z_a-z~]/gu

/** A package URL in normal form, in the lengths that selectors store. */
export interface NormalPackageUrl {
  /** Without version, qualifiers and subpath. */
  readonly base: string
  /** With its version, without the rest; null where it names none. */
  readonly versioned: string | null
}

/**
 * Normalizes a package URL by the rules of its type, as the intake of documents does, or answers null for a text that is none.
 * Source: github.com/package-url/purl-spec, "Rules for each purl component" and "How to parse a purl string".
 */
export function normalPackageUrl(text: string): NormalPackageUrl | null {
  const parts = parsePackageUrl(text)
  if (!parts) return null
  const { type, version } = parts
  const namespace = lowerCaseNamespaces.has(type) ? parts.namespace.map(lowerCase) : parts.namespace
  const cased = lowerCaseNames.has(type) ? lowerCase(parts.name) : parts.name
  const name = type === 'pypi' ? cased.replaceAll('_', '-') : cased
  const base = `pkg:${type}/${[...namespace, name].map((part) => encode(part, encodedInName)).join('/')}`
  return { base, versioned: version === null ? null : `${base}@${encode(version, encodedInVersion)}` }
}

function parsePackageUrl(text: string): PackageUrl | null {
  const match = /^pkg:\/*([A-Za-z.+-][A-Za-z0-9.+-]*)\/([^?#]*[^?#/])(?:\?[^#]*)?(?:#.*)?$/s.exec(text)
  const [, type = '', path = ''] = match ?? []
  // An `@` before a `/` belongs to a scope, as in `pkg:npm/@babel/core`.
  const [, location = '', version = null] = /^(.*?)(?:@([^@/]*))?$/s.exec(path) ?? []
  const segments = location.split('/').filter((segment) => segment !== '')
  try {
    const [name = '', ...namespace] = segments.map(decodeURIComponent).reverse()
    if (!match || name === '') return null
    const decoded = version === null ? null : decodeURIComponent(version)
    return { type: type.toLowerCase(), namespace: namespace.reverse(), name, version: decoded }
  } catch {
    return null
  }
}

function encode(text: string, reserved: RegExp): string {
  return text.replace(reserved, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
}

function lowerCase(text: string): string {
  return text.toLowerCase()
}
