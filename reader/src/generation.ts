import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { bundlePaths, type ExportManifest, Problem } from '@stella/contracts'
import { decodeManifest } from '@stella/core'
import { type Lookup, openLookup, openSearch, type WordSearch } from '@stella/native'

import type { Generations } from './generations.ts'

/** The words of the mirror, in the folder of its generation. */
export const SEARCH_FILE = 'search.sqlite'

/** A mirror that serves. */
export interface Generation {
  readonly name: string
  /** Absolute path of its folder. */
  readonly folder: string
  readonly manifest: ExportManifest
  readonly lookup: Lookup
  readonly search: WordSearch
}

/** Name and manifest of the generation that serves; null before the first import. @throws `bundle/invalid` where it is damaged */
export async function readActive(
  generations: Generations,
): Promise<Pick<Generation, 'name' | 'folder' | 'manifest'> | null> {
  const name = await generations.active()
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
  const { folder } = active
  const lookup = openLookup(generations.bundleIn(folder))
  return { ...active, lookup, search: openSearch(join(folder, SEARCH_FILE)) }
}

/** Opens the generation that serves anew whenever another one does. */
export class ActiveGeneration {
  readonly #generations: Generations
  #opened: Promise<Generation | null> = Promise.resolve(null)
  #name: string | null = null

  constructor(generations: Generations) {
    this.#generations = generations
  }

  /** @throws `resource/not-found` before the first import · `bundle/invalid` */
  async get(): Promise<Generation> {
    const name = await this.#generations.active()
    if (name !== this.#name) {
      this.#opened = openGeneration(this.#generations)
      this.#name = name
      // One that could not be opened is tried again.
      this.#opened.catch(() => {
        this.#name = null
      })
    }
    const opened = await this.#opened
    if (!opened) throw new Problem('resource/not-found', 'no mirror was imported yet: stella-reader import <bundle>')
    return opened
  }
}
