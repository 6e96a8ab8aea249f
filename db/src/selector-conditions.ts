import type { Filters } from '@stella/contracts'

import { normalPackageUrl } from './package-url.ts'
import { quoteLiteral } from './quote-literal.ts'

/** Rows of `record_selectors` of which a record needs one: a name, and the values that match. */
interface Selector {
  readonly name: string
  readonly values: readonly string[]
}

/** For each selector of a filter, what its values are called in `record_selectors`. */
const selectorsOf: readonly ((filters: Filters) => readonly Selector[])[] = [
  ({ products = [] }) => [{ name: 'product', values: products.flatMap(productNames) }],
  ({ ecosystems = [] }) => [{ name: 'ecosystem', values: lowerCased(ecosystems) }],
  ({ packages = [] }) => packageNames(packages),
  ({ image_digests = [] }) => [{ name: 'image_digest', values: lowerCased(image_digests) }],
  ({ repositories = [] }) => [{ name: 'repository', values: lowerCased(repositories) }],
  ({ tags = [] }) => [{ name: 'tag', values: lowerCased(tags) }],
]

/**
 * SQL conditions on `records r` that the selectors of a filter make: all must hold. A selector without values makes none.
 * @throws TypeError for a value that holds NUL
 */
export function selectorConditions(tenantId: string, filters: Filters): string[] {
  return selectorsOf
    .map((selectorOf) => selectorOf(filters).filter(({ values }) => values.length > 0))
    .filter((selectors) => selectors.length > 0)
    .map((selectors) => versionHasOne(tenantId, selectors))
}

function versionHasOne(tenantId: string, selectors: readonly Selector[]): string {
  const [first = '', ...others] = selectors.map(({ name, values }) => condition([name], values))
  const names = selectors.map(({ name }) => name)
  const values = selectors.flatMap((selector) => selector.values)
  // All names and values together bound the read of the index; which go together is looked at after.
  const one =
    others.length === 0 ? first : `${condition(names, values)}\n      and (${[first, ...others].join(' or ')})`
  return `exists (
    select from public.record_selectors s
    where s.tenant_id = ${quoteLiteral(tenantId)} and s.version_id = r.version_id
      and ${one})`
}

function condition(names: readonly string[], values: readonly string[]): string {
  return `s.name in (${listOf(names)}) and s.value in (${listOf(values)})`
}

function listOf(texts: readonly string[]): string {
  return [...new Set(texts)].map(quoteLiteral).join(', ')
}

function lowerCased(values: readonly string[]): string[] {
  return values.map((value) => value.toLowerCase())
}

/** A product is named in lower case, or by a package URL, whose case may matter. */
function productNames(product: string): string[] {
  const url = normalPackageUrl(product)
  return [product.toLowerCase(), ...(url ? [product, url.versioned ?? url.base] : [])]
}

/** A package with a version matches records that name that version, and those that name the package without any. */
function packageNames(packages: readonly string[]): Selector[] {
  const urls = packages.map((text) => normalPackageUrl(text) ?? { base: text.toLowerCase(), versioned: null })
  const versioned = urls.flatMap((url) => (url.versioned === null ? [] : [{ ...url, versioned: url.versioned }]))
  return [
    { name: 'package', values: urls.filter((url) => url.versioned === null).map((url) => url.base) },
    { name: 'package_version', values: versioned.map((url) => url.versioned) },
    { name: 'package_any', values: versioned.map((url) => url.base) },
  ]
}
