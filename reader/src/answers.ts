import { Problem } from '@stella/contracts'
import { askedPackage, evaluateVersion, type FoundRecord, type VersionVerdict } from '@stella/native'

import type { Generation } from './generation.ts'

/** Records of an answer when the caller does not say, and at most. */
export const DEFAULT_RECORDS = 50
export const MAX_RECORDS = 500

/** Which records of an answer: from the `skip`th on. */
export interface Page {
  readonly skip: number
  readonly limit: number
}

/** What every answer says of the mirror that it comes from: nothing found in a mirror that is old, or lacks the source, says little. */
export interface Standing {
  readonly generation: number
  readonly ledger_revision: number
  readonly ledger_time: string
  readonly age_seconds: number
  readonly valid_until: string
  /** Past `valid_until`. */
  readonly stale: boolean
  readonly absent: readonly string[]
  readonly sources: number
  /** When the source that was fetched longest ago was, and the one that was fetched last. */
  readonly oldest_fetch: string | null
  readonly newest_fetch: string | null
}

/** A record, and the SHA-256 of the document that it was made of; null where that was withheld. With the verdict on a version that was asked about. */
export interface Item extends Partial<VersionVerdict> {
  readonly key: string
  readonly document: string | null
  /** JSON, as it lies in the mirror. */
  readonly record: string
}

/** Records that were found. `covered`: whether the mirror holds anything of the kind that was asked for, so that finding nothing says something. */
export interface Answer {
  readonly mirror: Standing
  readonly covered: boolean
  readonly items: readonly Item[]
  /** The next `skip`; null after the last record. */
  readonly next: number | null
}

/** The JSON of an answer, in which records are as they lie in the mirror: none is read only to be written again. */
export function encodeAnswer({ items, ...answer }: Answer): string {
  const encoded = items.map(({ record, ...item }) => `${JSON.stringify(item).slice(0, -1)},"record":${record}}`)
  return `${JSON.stringify(answer).slice(0, -1)},"items":[${encoded.join(',')}]}`
}

/** What the mirror is, as of now. */
export function standingOf({ manifest: { content } }: Generation, now: Date): Standing {
  const { mirror, coverage } = content
  const fetched = coverage.map(({ fetched_at }) => fetched_at).sort()
  const validUntil = mirror?.valid_until ?? content.ledger_time
  return {
    generation: mirror?.generation ?? 0,
    ledger_revision: content.ledger_revision,
    ledger_time: content.ledger_time,
    age_seconds: Math.max(0, Math.floor((now.getTime() - Date.parse(content.ledger_time)) / 1000)),
    valid_until: validUntil,
    stale: Date.parse(validUntil) <= now.getTime(),
    absent: mirror?.absent ?? [],
    sources: coverage.length,
    oldest_fetch: fetched[0] ?? null,
    newest_fetch: fetched.at(-1) ?? null,
  }
}

/** An advisory by its id. @throws `resource/not-found` */
export function advisory(generation: Generation, id: string, now: Date): Answer {
  const found = generation.lookup.byKey('advisory', id)
  if (!found) throw new Problem('resource/not-found', `the mirror holds no advisory ${id}`)
  return { mirror: standingOf(generation, now), covered: true, items: [itemOf(found)], next: null }
}

/** Advisories that give a name to what they tell of: aliases, and what they come from upstream. */
export function advisoriesByAlias(generation: Generation, alias: string, page: Page, now: Date): Answer {
  return listed(
    generation,
    { kind: 'advisory', list: 'aliases', names: [alias], page, covered: holds(generation, 'advisories') },
    now,
  )
}

/**
 * Advisories that speak of a package, given as a purl. Where it has a version, each with its verdict on that: `affected`, `not_affected` or `unknown`,
 * and why. Of a package of a distribution the qualifier `distro` says which release. @throws `request/invalid`
 */
export function advisoriesByPackage(generation: Generation, purl: string, page: Page, now: Date): Answer {
  const asked = askedPackage(purl)
  if (!asked) throw new Problem('request/invalid', `${purl} is no package URL, such as pkg:npm/lodash@4.17.20`)
  const { package: name, version, distro } = asked
  // A mirror that has no package of this type, or of this distribution, does not cover the question.
  const covered = !isLimited(generation) && generation.lookup.hasNames('advisory', 'packages', coverageOf(name))
  const judge = (found: FoundRecord) =>
    version === null ? {} : evaluateVersion(found.record, { package: name, version, distro })
  return listed(generation, { kind: 'advisory', list: 'packages', names: [name], page, covered, judge }, now)
}

/** Advisories that hold all words of a text in their ids, aliases, packages or summaries, the best matches first. */
export function advisoriesByWords(generation: Generation, text: string, { skip, limit }: Page, now: Date): Answer {
  const { lookup, search } = generation
  const keys = search.find(text, skip, limit + 1)
  const found = keys.slice(0, limit).map((key) => lookup.byKey('advisory', key))
  return {
    mirror: standingOf(generation, now),
    covered: holds(generation, 'advisories'),
    items: found.flatMap((one) => (one ? [itemOf(one)] : [])),
    next: keys.length > limit ? skip + limit : null,
  }
}

/** VEX statements about a product, about a vulnerability, or about both. @throws `request/invalid` where neither is given */
export function vex(
  generation: Generation,
  { product, vulnerability }: { readonly product?: string | undefined; readonly vulnerability?: string | undefined },
  page: Page,
  now: Date,
): Answer {
  const covered = holds(generation, 'vex')
  if (product !== undefined) {
    const names = vulnerability === undefined ? [product] : [product, vulnerability]
    return listed(generation, { kind: 'vex', list: 'products', names, page, covered }, now)
  }
  if (vulnerability === undefined)
    throw new Problem('request/invalid', 'product, vulnerability: give one of them, or both')
  return listed(generation, { kind: 'vex', list: 'vulnerabilities', names: [vulnerability], page, covered }, now)
}

/** SBOMs that hold a component, or describe a subject. @throws `request/invalid` unless one of them is given */
export function sboms(
  generation: Generation,
  { component, subject }: { readonly component?: string | undefined; readonly subject?: string | undefined },
  page: Page,
  now: Date,
): Answer {
  const covered = holds(generation, 'sboms')
  if ((component === undefined) === (subject === undefined)) {
    throw new Problem('request/invalid', 'component, subject: give one of them')
  }
  const [list, name] = component === undefined ? ['subjects', subject] : ['components', component]
  return listed(generation, { kind: 'sbom', list: list ?? '', names: [name ?? ''], page, covered }, now)
}

/** A document as it was received, by its SHA-256. @throws `resource/not-found` · `request/invalid` */
export function document({ lookup }: Generation, digest: string): Buffer {
  if (!/^[0-9a-f]{64}$/.test(digest))
    throw new Problem('request/invalid', 'a document is named by its SHA-256: 64 hexadecimal digits')
  const content = lookup.document(digest)
  if (!content) throw new Problem('resource/not-found', `the mirror holds no document ${digest}`)
  return content
}

/** What each source gave, what the mirror was limited to, and what it has no place for yet. */
export function coverage(generation: Generation, now: Date): object {
  const { content, run } = generation.manifest
  return {
    mirror: standingOf(generation, now),
    tenant: run.tenant,
    profile: content.profile,
    filters: content.filters,
    counts: content.counts,
    sources: content.coverage,
    withheld: content.withheld.length,
    content_root: content.content_root,
    previous: run.previous ?? null,
  }
}

interface Wanted {
  readonly kind: string
  readonly list: string
  readonly names: readonly string[]
  readonly page: Page
  readonly covered: boolean
  /** What is said of a record besides. */
  readonly judge?: (found: FoundRecord) => Partial<VersionVerdict>
}

function listed(
  generation: Generation,
  { kind, list, names, page, covered, judge = () => ({}) }: Wanted,
  now: Date,
): Answer {
  const { skip, limit } = page
  const found = generation.lookup.byNames(kind, list, [...names], skip, limit + 1)
  return {
    mirror: standingOf(generation, now),
    covered,
    items: found.slice(0, limit).map((one) => ({ ...itemOf(one), ...judge(one) })),
    next: found.length > limit ? skip + limit : null,
  }
}

function itemOf({ key, record, document: digest }: FoundRecord): Item {
  return { key, document: digest, record }
}

/** Whether the mirror was made to hold all of a group of records, and holds any. */
function holds({ manifest: { content } }: Generation, group: 'advisories' | 'vex' | 'sboms'): boolean {
  const { include = [group], ...limits } = content.filters
  return include.includes(group) && content.counts[group] > 0 && Object.keys(limits).length === 0
}

/** Whether a mirror was limited by anything but ecosystems: then it lacks records of packages that it knows, too. */
function isLimited({ manifest: { content } }: Generation): boolean {
  const { include: _include, ecosystems: _ecosystems, ...limits } = content.filters
  return Object.keys(limits).length > 0
}

/** Types of purl whose namespace is a distribution, each with advisories of its own. */
const distributions = /^pkg:(?:deb|rpm|apk)\/[^/]+\//

function coverageOf(name: string): string {
  return distributions.exec(name)?.[0] ?? name.slice(0, name.indexOf('/') + 1)
}
