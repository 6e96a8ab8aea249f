import { createHash } from 'node:crypto'
import type { Filters } from '@stella/contracts'

import { normalPackageUrl } from './package-url.ts'
import { quoteLiteral } from './quote-literal.ts'

/** Selectors of which a record needs one: a name, and the values that match. */
interface Selector {
  readonly name: string
  readonly values: readonly string[]
}

/** For each selector of a filter, what its values are called in the ledger. */
const selectorsOf: readonly ((filters: Filters) => readonly Selector[])[] = [
  ({ products = [] }) => [{ name: 'product', values: products.flatMap(productNames) }],
  ({ ecosystems = [] }) => [{ name: 'ecosystem', values: lowerCased(ecosystems) }],
  ({ packages = [] }) => packageNames(packages),
  ({ image_digests = [] }) => [{ name: 'image_digest', values: lowerCased(image_digests) }],
  ({ repositories = [] }) => [{ name: 'repository', values: lowerCased(repositories) }],
  ({ tags = [] }) => [{ name: 'tag', values: lowerCased(tags) }],
]

/**
 * SQL conditions on `records r` that the selectors of a filter make: all must hold. A selector without values makes none. A record is left out
 * by any one of those that are excluded.
 * @throws TypeError for a value that holds NUL
 */
export function selectorConditions(tenantId: string, filters: Filters): string[] {
  const wanted = selectorsOf.map((selectorOf) => selectorOf(filters))
  const excluded = [{ name: 'ecosystem', values: lowerCased(filters.exclude_ecosystems ?? []) }]
  return [
    ...wanted.filter(hasValues).map((selectors) => versionHasOne(tenantId, selectors)),
    ...[excluded].filter(hasValues).map((selectors) => `not ${versionHasOne(tenantId, selectors)}`),
  ]
}

function hasValues(selectors: readonly Selector[]): boolean {
  return selectors.some(({ values }) => values.length > 0)
}

function versionHasOne(tenantId: string, selectors: readonly Selector[]): string {
  const digests = selectors.flatMap(({ name, values }) => values.map((value) => selectorDigest(name, value)))
  return `exists (
    select from public.record_selectors s
    where s.tenant_id = ${quoteLiteral(tenantId)} and s.revision = r.revision and s.ordinal = r.ordinal
      and s.selector in (${[...new Set(digests)].map(quoteLiteral).join(', ')}))`
}

/**
 * As the native intake writes it (`Selectors::digests`): the first half of the SHA-256 over name, 0x1f and value, in hexadecimal.
 * @throws TypeError for a value that holds NUL
 */
export function selectorDigest(name: string, value: string): string {
  if (value.includes('\0')) throw new TypeError('a text with NUL cannot be stored')
  return createHash('sha256').update(`${name}\x1f${value}`).digest('hex').slice(0, 32)
}

function lowerCased(values: readonly string[]): string[] {
  return values.map((value) => value.toLowerCase())
}

/** A product is named in lower case, or by a package URL, whose case may matter. */
function productNames(product: string): string[] {
  const url = normalPackageUrl(product)
  return [product.toLowerCase(), ...(url ? [product, url.versioned ?? url.base] : [])]
}

/**
 * A package without a version matches records that name it with any version or none; one with a version those that name that version,
 * and those that name none.
 */
function packageNames(packages: readonly string[]): Selector[] {
  const urls = packages.map((text) => normalPackageUrl(text) ?? { base: text.toLowerCase(), versioned: null })
  const versions = urls.flatMap(({ versioned }) => versioned ?? [])
  return [
    { name: 'package', values: urls.filter(({ versioned }) => versioned === null).map(({ base }) => base) },
    { name: 'package_version', values: versions },
    { name: 'package_any', values: urls.map(({ base }) => base) },
  ]
}
