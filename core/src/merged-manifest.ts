import {
  type Changes,
  type ExportContent,
  type ExportFile,
  type ExportManifest,
  groupOfKind,
  type RecordKind,
  type Withheld,
} from '@stella/contracts'

import { inByteOrder } from './byte-order.ts'
import { canonicalJson, type Json } from './canonical-json.ts'
import { contentRoot } from './content-root.ts'
import { countsOf } from './parts.ts'

/** The manifests that something was merged of: a base, unless deltas were joined into one, and deltas in their order. */
export interface MergedOf {
  readonly base: ExportManifest | null
  readonly deltas: readonly ExportManifest[]
}

/** What merging found of each kind. */
export interface MergedKindCounts {
  readonly kind: RecordKind
  readonly records: number
  readonly added: number
  readonly removed: number
}

/** What was merged, as `run.trigger` of its manifest says: deltas into a mirror, or into one delta. */
export const mergedTriggers = ['apply', 'squash'] as const

/** Whether a manifest is of something that was merged: it is not signed itself, but holds the signed manifests that it was made of. */
export function isMerged({ run }: ExportManifest): boolean {
  return (mergedTriggers as readonly string[]).includes(run.trigger)
}

/**
 * The manifest of what deltas make. Of a mirror `content` is what a run of the same plan writes. `run` is of the last delta, so that merging
 * twice gives the same bytes.
 */
export function mergedManifest(
  of: MergedOf,
  kinds: readonly MergedKindCounts[],
  unsorted: readonly ExportFile[],
): ExportManifest {
  const files = inByteOrder(unsorted, ({ path }) => path)
  const last = of.deltas.at(-1) ?? of.base
  if (!last) throw new TypeError('nothing was merged')
  const said = of.base ? appliedContent(of.base.content, of.deltas) : joinedContent(of.deltas, kinds)
  return {
    schema_version: '1',
    content: { ...said, files, content_root: contentRoot(files) },
    run: { ...last.run, trigger: of.base ? 'apply' : 'squash' },
  }
}

/** Entries of `withheld` that are left when deltas have been applied or joined, and those of the base that are none any more. */
export function withheldAfter({ base, deltas }: MergedOf): { withheld: Withheld[]; noLongerWithheld: Withheld[] } {
  let withheld = [...(base?.content.withheld ?? [])]
  const noLongerWithheld: Withheld[] = []
  for (const { content } of deltas) {
    for (const gone of content.delta?.no_longer_withheld ?? []) {
      const at = withheld.findIndex((entry) => textOf(entry) === textOf(gone))
      if (at >= 0) withheld.splice(at, 1)
      else noLongerWithheld.push(gone)
    }
    withheld = [...withheld, ...content.withheld]
  }
  return { withheld: inByteOrder(withheld, textOf), noLongerWithheld: inByteOrder(noLongerWithheld, textOf) }
}

/** What stands for entries of `withheld` in the state of a mirror. Source: docs/formats/mirror.md. */
export function withheldItems(withheld: readonly Withheld[]): string[] {
  return withheld.map(textOf)
}

type Said = Omit<ExportContent, 'files' | 'content_root'>

function appliedContent(base: ExportContent, deltas: readonly ExportManifest[]): Said {
  const last = deltas.at(-1)?.content
  if (!last?.delta) return base
  const { delta, files: _files, content_root: _root, ...said } = last
  const { withheld } = withheldAfter({ base: { content: base } as ExportManifest, deltas })
  return { ...said, ...delta.target, withheld }
}

function joinedContent(deltas: readonly ExportManifest[], kinds: readonly MergedKindCounts[]): Said {
  const [first, last] = [deltas[0]?.content, deltas.at(-1)?.content]
  if (!first?.delta || !last?.delta) throw new TypeError('only deltas are joined')
  const { files: _files, content_root: _root, ...said } = last
  const { withheld, noLongerWithheld } = withheldAfter({ base: null, deltas })
  const changes = Object.fromEntries(kinds.map((kind) => [groupOfKind[kind.kind], changesOf(kind)]))
  const counts = countsOf(kinds.map(({ kind, records }) => ({ group: groupOfKind[kind], records })))
  const delta = { ...last.delta, base: first.delta.base, changes, no_longer_withheld: noLongerWithheld }
  return { ...said, counts, withheld, delta }
}

function changesOf({ records, added, removed }: MergedKindCounts): Changes {
  return { added, changed: records - added, removed }
}

function textOf(entry: Withheld): string {
  return canonicalJson({ ...entry } as Json)
}
