import { Problem } from '@stella/contracts'
import { askedPackage } from '@stella/native/asked-package'
import type { FoundItems } from '@stella/native/mirror-lookup'
import type { FixedStanding, Generation } from './generation.ts'
import { whole } from './whole.ts'

/** Records of an answer when the caller does not say, and at most. */
export const DEFAULT_RECORDS = 50
export const MAX_RECORDS = 500
/** Records before those of an answer, at most. */
const MAX_SKIP = 10_000_000
/** Bytes of the records of an answer, at most, unless it holds one record alone. */
const MAX_PAGE_BYTES = 4 << 20

/** Which records of an answer: from the `skip`th on. */
export interface Page {
  readonly skip: number
  readonly limit: number
}

/** Which page a caller asks for. @throws `request/invalid` */
export function pageOf({
  skip,
  limit,
}: {
  readonly skip?: string | undefined
  readonly limit?: string | undefined
}): Page {
  return {
    skip: whole(skip, 'skip', { least: 0, most: MAX_SKIP, otherwise: 0 }),
    limit: whole(limit, 'limit', { least: 1, most: MAX_RECORDS, otherwise: DEFAULT_RECORDS }),
  }
}

/** What every answer says of the mirror that it comes from: nothing found in a mirror that is old, or lacks the source, says little. */
export interface Standing extends FixedStanding {
  readonly age_seconds: number
  /** Past `valid_until`. */
  readonly stale: boolean
}

/** Records that were found. `covered`: whether the mirror holds anything of the kind that was asked for, so that finding nothing says something. */
export interface Answer {
  readonly mirror: Standing
  readonly covered: boolean
  /**
   * JSON of the records, with commas between them: `key`; `document`, the SHA-256 of the document that it was made of, null where that was withheld;
   * `verdict` and `reason` where a version was asked about; and `record`, as it lies in the mirror.
   */
  readonly items: string
  /** The next `skip`; null after the last record. */
  readonly next: number | null
}

/** The JSON of an answer, in which records are as they lie in the mirror: none is read only to be written again. */
export function encodeAnswer({ mirror, covered, items, next }: Answer): string {
  const encoded = encodedStandings.get(mirror) ?? JSON.stringify(mirror)
  encodedStandings.set(mirror, encoded)
  return `{"mirror":${encoded},"covered":${covered},"next":${next},"items":[${items}]}`
}

/** What the mirror is, as of now: the same object for all answers within a second, which is encoded once. */
export function standingOf(generation: Generation, now: Date): Standing {
  const { standing, ledgerTimeMs, validUntilMs } = generation
  const age_seconds = Math.max(0, Math.floor((now.getTime() - ledgerTimeMs) / 1000))
  const stale = validUntilMs <= now.getTime()
  const last = lastStandings.get(generation)
  if (last?.age_seconds === age_seconds && last.stale === stale) return last
  const current = { ...standing, age_seconds, stale }
  lastStandings.set(generation, current)
  return current
}

const lastStandings = new WeakMap<Generation, Standing>()
const encodedStandings = new WeakMap<Standing, string>()

/** An advisory by its id. @throws `resource/not-found` */
export function advisory(generation: Generation, id: string, now: Date): Answer {
  const found = generation.lookup.byKey('advisory', id)
  if (!found) throw new Problem('resource/not-found', `the mirror holds no advisory ${id}`)
  return { mirror: standingOf(generation, now), covered: true, items: found, next: null }
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
  const found = generation.lookup.byPackage(purl, { ...page, maxBytes: MAX_PAGE_BYTES })
  if (!found) throw new Problem('request/invalid', `${purl} is no package URL, such as pkg:npm/lodash@4.17.20`)
  // A mirror that has no package of this type, or of this distribution, does not cover the question.
  const holdsAny = () =>
    found.items !== '' || generation.lookup.hasNames('advisory', 'packages', coverageOf(askedPackage(purl) ?? ''))
  return paged(generation, { ...found, covered: !isLimited(generation) && holdsAny() }, page, now)
}

/** Advisories that hold all words of a text in their ids, aliases, packages or summaries, the best matches first. */
export function advisoriesByWords(generation: Generation, text: string, { skip, limit }: Page, now: Date): Answer {
  const { lookup, search } = generation
  const keys = search.find(text, skip, limit + 1)
  const found: string[] = []
  let [place, bytes] = [0, 0]
  for (const key of keys.slice(0, limit)) {
    const item = lookup.byKey('advisory', key) ?? ''
    bytes += Buffer.byteLength(item)
    if (bytes > MAX_PAGE_BYTES && place > 0) break
    place++
    if (item !== '') found.push(item)
  }
  return {
    mirror: standingOf(generation, now),
    covered: holds(generation, 'advisories'),
    items: found.join(','),
    next: keys.length > place ? skip + place : null,
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
}

function listed(generation: Generation, { kind, list, names, page, covered }: Wanted, now: Date): Answer {
  const found = generation.lookup.byNames(kind, list, [...names], { ...page, maxBytes: MAX_PAGE_BYTES })
  return paged(generation, { ...found, covered }, page, now)
}

function paged(
  generation: Generation,
  { items, count, isLast, covered }: FoundItems & Pick<Answer, 'covered'>,
  { skip }: Page,
  now: Date,
): Answer {
  return { mirror: standingOf(generation, now), covered, items, next: isLast ? null : skip + count }
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
