import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { type ExportManifest, Problem } from '@stella/contracts'

import { type Page, type Standing, standingOf } from './answers.ts'
import type { Generation } from './generation.ts'

/** What a delta says that has changed, in a folder of the delta's own. Source: docs/formats/mirror.md, changelog.json. */
export const CHANGELOG_FILE = 'changelog.json'
/** Which mirror deltas were applied to, and how many, in the folder of the generation. */
export const SINCE_FILE = 'since.json'

/** The mirror that a changelog goes on from. */
interface Since {
  readonly generation: number
  readonly ledger_time: string
  /** How many deltas have led here; what they say is listed delta by delta, the oldest first. */
  readonly deltas: number
}

/** Folder of what one delta says, in that of a generation. */
export function changesFolder(generation: string, place: number): string {
  return join(generation, 'changes', String(place))
}

/** A change of a kind of record: an entry of the changelog. */
export type Change = { readonly kind: string } & Readonly<Record<string, unknown>>

/** What the deltas that were imported last say. `covered`: false for a mirror that was imported whole, of which nobody says what it changes. */
export interface Changes {
  readonly mirror: Standing
  readonly covered: boolean
  readonly since: Since | null
  readonly items: readonly Change[]
  readonly next: number | null
}

/** Groups of a changelog, of which one may be asked for. */
export const changeKinds: readonly string[] = ['advisories', 'vex', 'sboms']

/** What `SINCE_FILE` holds. */
export function encodeSince({ content }: ExportManifest, deltas: number): string {
  const since: Since = { generation: content.mirror?.generation ?? 0, ledger_time: content.ledger_time, deltas }
  return `${JSON.stringify(since)}\n`
}

/** A page of what has changed since the mirror before, of one kind or of all. @throws `request/invalid` for a kind that there is not */
export async function changelog(
  generation: Generation,
  kind: string | undefined,
  { skip, limit }: Page,
  now: Date,
): Promise<Changes> {
  if (kind !== undefined && !changeKinds.includes(kind)) {
    throw new Problem('request/invalid', `kind: must be one of ${changeKinds.join(', ')}`)
  }
  const mirror = standingOf(generation, now)
  const since = await sinceOf(generation.folder)
  if (since === null) return { mirror, covered: false, since, items: [], next: null }
  const items: Change[] = []
  let place = 0
  for (let delta = 0; delta < since.deltas; delta++) {
    for await (const change of changesIn(join(changesFolder(generation.folder, delta), CHANGELOG_FILE), kind)) {
      if (place++ < skip) continue
      if (items.length === limit) return { mirror, covered: true, since, items, next: skip + limit }
      items.push(change())
    }
  }
  return { mirror, covered: true, since, items, next: null }
}

async function sinceOf(folder: string): Promise<Since | null> {
  try {
    return JSON.parse(await readFile(join(folder, SINCE_FILE), 'utf8')) as Since
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** The entries of a changelog, each parsed when it is wanted: they lie a line each, in a list for each kind. */
async function* changesIn(path: string, wanted: string | undefined): AsyncGenerator<() => Change> {
  const input = createReadStream(path)
  let kind: string | null = null
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      const begin = /^,"(\w+)":\[$/.exec(line)
      if (begin) kind = begin[1] ?? null
      else if (line === ']') kind = null
      else if (kind !== null && (wanted === undefined || wanted === kind)) {
        const of = kind
        yield () => ({ ...(JSON.parse(line.replace(/,$/, '')) as object), kind: of })
      }
    }
  } finally {
    // Whoever has enough ends here, and the file would stay open.
    input.destroy()
  }
}
