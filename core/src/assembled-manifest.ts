import { createHash } from 'node:crypto'

import type { Coverage, ExportContent, ExportFile, ExportIndex, ExportManifest } from '@stella/contracts'

import { inByteOrder } from './byte-order.ts'
import { canonicalJson } from './canonical-json.ts'
import { contentRoot } from './content-root.ts'
import { isSameJson } from './json-documents.ts'
import { mirrorReadme, toldEncryption } from './mirror-readme.ts'

/** A mirror in parts: its index, and the manifests of all its parts in the order of the index. Both were verified. */
export interface AssembledOf {
  readonly index: ExportIndex
  readonly parts: readonly ExportManifest[]
}

/** Why parts cannot be assembled into one mirror; null where they can. */
export function assemblyFault({ index, parts }: AssembledOf): string | null {
  const [first, ...others] = parts
  if (!first) return 'it has no parts'
  const form = formOf(first)
  const other = others.findIndex((part) => !isSameJson(formOf(part), form))
  if (other >= 0) return `part ${other + 2} has another form, ledger or time of validity than part 1`
  if (first.run.tenant !== index.run.tenant) return 'its parts are of another tenant than its index'
  return null
}

/**
 * The manifest of the mirror that parts make: what a run of the same ledger writes that is not cut. `library`: what compressed the files.
 * @throws TypeError where `assemblyFault` finds something
 */
export function assembledManifest(of: AssembledOf, library: string, unsorted: readonly ExportFile[]): ExportManifest {
  const { index, parts } = of
  const first = firstOf(parts)
  const files = inByteOrder(unsorted, ({ path }) => path)
  const withheld = parts.flatMap(({ content }) => content.withheld)
  const { id, tenant, trigger, started_at, finished_at } = index.run
  const { profile, filters, ledger_revision, ledger_time, counts } = index.content
  const { policy_version, schemas, compression } = first.content
  return {
    schema_version: '1',
    content: {
      ...{ profile, filters, ledger_revision, ledger_time, policy_version, schemas, counts },
      compression: { ...compression, library },
      coverage: assembledCoverage(parts.flatMap(({ content }) => content.coverage)),
      withheld: inByteOrder(withheld, (entry) => canonicalJson({ ...entry })),
      files,
      content_root: contentRoot(files),
      mirror: { ...first.content.mirror, ...assembledState(parts) },
    },
    run: { id, tenant, trigger, started_at, finished_at },
  }
}

/** The text of `README.md` of the mirror that parts make. */
export function assembledReadme({ index, parts }: AssembledOf): string {
  return mirrorReadme({
    profile: index.content.profile.id,
    tenant: index.run.tenant,
    ledgerRevision: index.content.ledger_revision,
    ledgerTime: index.content.ledger_time,
    base: null,
    encryption: toldEncryption(firstOf(parts)),
  })
}

/** The state of all that parts hold: the sum of theirs, since each record is in one of them. Source: docs/formats/mirror.md. */
function assembledState(
  parts: readonly ExportManifest[],
): Pick<NonNullable<ExportContent['mirror']>, 'state' | 'state_root'> {
  const [sum = Buffer.alloc(0), ...others] = parts.map(({ content }) =>
    Buffer.from(content.mirror?.state ?? '', 'base64'),
  )
  for (const state of others) {
    for (let lane = 0; lane < sum.length; lane += 2) {
      sum.writeUInt16LE((sum.readUInt16LE(lane) + state.readUInt16LE(lane)) & 0xffff, lane)
    }
  }
  return {
    state: sum.toString('base64'),
    state_root: `sha256:${createHash('sha256').update(sum).digest('hex')}`,
  }
}

/** What all parts of a mirror say alike. */
function formOf({ content, run }: ExportManifest): object {
  const { ledger_time, policy_version, schemas, compression, mirror } = content
  const said = mirror && { ...mirror, state: null, state_root: null }
  return { ledger_time, policy_version, schemas, compression, mirror: said ?? null, tenant: run.tenant }
}

function firstOf(parts: readonly ExportManifest[]) {
  const [first] = parts
  const mirror = first?.content.mirror
  if (!first || !mirror) throw new TypeError('parts of a mirror are assembled')
  return { ...first, content: { ...first.content, mirror } }
}

/** What each source gave to all parts: records of all, the newest record, the newest fetch. */
function assembledCoverage(entries: readonly Coverage[]): Coverage[] {
  const bySource = new Map<string, Coverage>()
  for (const entry of entries) {
    const { source, records, newest_record, fetched_at } = bySource.get(entry.source) ?? { ...entry, records: 0 }
    bySource.set(source, {
      source,
      records: records + entry.records,
      newest_record: newest(newest_record, entry.newest_record),
      fetched_at: newest(fetched_at, entry.fetched_at) ?? fetched_at,
    })
  }
  return inByteOrder([...bySource.values()], ({ source }) => source)
}

/** The later of two times. */
function newest(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b
  return Date.parse(a) < Date.parse(b) ? b : a
}
