import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { bundlePaths, type ExportManifest, Problem } from '@stella/contracts'
import { decodeManifest } from '@stella/core/export-manifest'
import { openSearch, type WordSearch } from '@stella/native/advisory-search'
import { type Lookup, openLookup } from '@stella/native/mirror-lookup'

import type { Generations } from './generations.ts'

/** The words of the mirror, in the folder of its generation. */
export const SEARCH_FILE = 'search.sqlite'

/** What every answer says of the mirror that it comes from, whenever it is asked. */
export interface FixedStanding {
  readonly generation: number
  readonly ledger_revision: number
  readonly ledger_time: string
  readonly valid_until: string
  readonly absent: readonly string[]
  readonly sources: number
  /** When the source that was fetched longest ago was, and the one that was fetched last. */
  readonly oldest_fetch: string | null
  readonly newest_fetch: string | null
}

function fixedStanding({ content }: ExportManifest): FixedStanding {
  const { mirror, coverage, ledger_revision, ledger_time } = content
  const fetched = coverage.map(({ fetched_at }) => fetched_at).sort()
  return {
    generation: mirror?.generation ?? 0,
    ledger_revision,
    ledger_time,
    valid_until: mirror?.valid_until ?? ledger_time,
    absent: mirror?.absent ?? [],
    sources: coverage.length,
    oldest_fetch: fetched[0] ?? null,
    newest_fetch: fetched.at(-1) ?? null,
  }
}

/** A mirror that serves. */
export interface Generation {
  readonly name: string
  /** Absolute path of its folder. */
  readonly folder: string
  readonly manifest: ExportManifest
  readonly standing: FixedStanding
  /** Its `ledger_time` and `valid_until`, in milliseconds since 1970. */
  readonly ledgerTimeMs: number
  readonly validUntilMs: number
  readonly lookup: Lookup
  readonly search: WordSearch
}

/** Name and manifest of the generation that serves; null before the first import. @throws `bundle/invalid` where it is damaged */
export async function readActive(
  generations: Generations,
): Promise<Pick<Generation, 'name' | 'folder' | 'manifest'> | null> {
  const name = generations.active()
  if (name === null) return null
  const folder = generations.pathOf(name)
  const bytes = await readFile(join(generations.bundleIn(folder), bundlePaths.manifest))
  const manifest = decodeManifest(bytes)
  if (!manifest) throw new Problem('bundle/invalid', `${folder} is damaged: import it again`)
  return { name, folder, manifest }
}

async function openGeneration(generations: Generations): Promise<Generation | null> {
  const active = await readActive(generations)
  if (!active) return null
  const { folder, manifest } = active
  const standing = fixedStanding(manifest)
  return {
    ...active,
    standing,
    ledgerTimeMs: Date.parse(standing.ledger_time),
    validUntilMs: Date.parse(standing.valid_until),
    lookup: openLookup(generations.bundleIn(folder)),
    search: openSearch(join(folder, SEARCH_FILE)),
  }
}

/** For so long what serves is not looked for again: many answers are given in that time. */
const LOOK_MS = 10

/** Opens the generation that serves anew whenever another one does. */
export class ActiveGeneration {
  readonly #generations: Generations
  #opened: Promise<Generation | null> = Promise.resolve(null)
  #name: string | null = null
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(generations: Generations) {
    this.#generations = generations
  }

  /** @throws `resource/not-found` before the first import · `bundle/invalid` */
  async get(): Promise<Generation> {
    const now = performance.now()
    if (now - this.#lookedAt >= LOOK_MS) {
      this.#lookedAt = now
      this.#look()
    }
    const opened = await this.#opened
    if (!opened) throw new Problem('resource/not-found', 'no mirror was imported yet: stella-reader import <bundle>')
    return opened
  }

  #look(): void {
    const name = this.#generations.active()
    if (name === this.#name) return
    this.#opened = openGeneration(this.#generations)
    this.#name = name
    // One that could not be opened is tried again.
    this.#opened.catch(() => {
      this.#name = null
    })
  }
}
