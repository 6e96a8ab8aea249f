import { bundlePaths, type Filters, isFinal, Problem, type Profile } from '@stella/contracts'
import { isSameJson } from '@stella/core'
import { keepsDocuments, type OpenRun, openRun, type Transaction } from '@stella/db'

import { found } from './found.ts'

/** Whether runs of a profile are deltas, which are for another run. */
export function isDelta({ kind, variant }: Pick<Profile, 'kind' | 'variant'>): boolean {
  return kind === 'mirror' && variant === 'delta'
}

/** The runs that deltas are to be for, by id. */
export async function basesOf(
  tx: Transaction,
  asked: readonly { readonly tenantId: string; readonly base?: string | undefined }[],
): Promise<(id: string) => OpenRun | null> {
  const bases = new Map<string, OpenRun | null>()
  for (const { tenantId, base } of asked) {
    if (base !== undefined && !bases.has(base)) bases.set(base, await openRun(tx, { tenantId, runId: base }))
  }
  return (id) => bases.get(id) ?? null
}

/**
 * The filters of a delta, which are those of the run that it is for.
 * @throws `request/invalid` where only one of profile and request speaks of a delta · `resource/not-found` · `run/not-finished` ·
 *   `run/pruned` · `run/base-unusable`
 */
export function deltaFilters(
  wanted: { readonly base: string | undefined; readonly filters: Filters },
  baseOf: (id: string) => OpenRun | null,
): Filters {
  const { base: id, filters } = wanted
  if (id === undefined) {
    const reason =
      'base_export_id: a delta needs the run that it is for: one of a profile mirror:full, or the delta before it'
    throw new Problem('request/invalid', reason)
  }
  const base = found(baseOf(id), 'run', id)
  if (base.profile.kind !== 'mirror') throw unusable(id, 'it is no mirror')
  if (!isFinal(base.state))
    throw new Problem('run/not-finished', `run ${id} is ${base.state}: wait until it has succeeded`)
  if (!base.sealed) throw unusable(id, `it is ${base.state}`)
  if (!base.sealed.documents[bundlePaths.manifest])
    throw unusable(id, 'it comes in parts: make a delta for a mirror of one bundle')
  if (!keepsDocuments(base.pruned))
    throw new Problem('run/pruned', `the manifest of run ${id} was removed: make a mirror anew`)
  if (Object.keys(filters).length > 0 && !isSameJson(filters, base.filters)) {
    throw unusable(id, 'it has other filters: a mirror is needed, or leave out those of the delta')
  }
  return base.filters
}

function unusable(id: string, why: string): Problem {
  return new Problem('run/base-unusable', `run ${id} cannot be the base of a delta: ${why}`)
}
