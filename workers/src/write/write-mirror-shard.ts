import { mirrorReadmePath, Problem } from '@stella/contracts'
import { encryptionScheme, mirrorReadme, type Plan, type Shard } from '@stella/core'

import type { Mapping } from '../deps.ts'
import { readKinds } from './read-kinds.ts'
import { withheldOf } from './withheld-of.ts'
import type { ShardTarget, WriteDeps, WrittenShard } from './write-step.ts'

/** Writes the data files of a mirror, or of a delta. The native module reads, checks, groups, compresses and indexes. */
export function writeMirrorShard(
  deps: WriteDeps,
  shard: Shard,
  target: ShardTarget,
  signal: AbortSignal,
): Promise<WrittenShard> {
  return target.plan.base ? writeDelta(deps, shard, target, signal) : writeMirror(deps, shard, target, signal)
}

async function writeMirror(
  { evidence, mappings, readers }: WriteDeps,
  shard: Shard,
  { plan, scratch, path }: ShardTarget,
  signal: AbortSignal,
): Promise<WrittenShard> {
  const sources = sourcesOf(shard, mappings)
  const written = await evidence.writeMirror({ plan, sources, readers, scratch, path, texts: textsOf(plan) }, signal)
  const { sizeBytes, sha256, parts, ledger, state, stateRoot } = written
  const read = sources.map(({ kind }, index) => ({ kind, records: written.sources[index]?.records ?? 0 }))
  return {
    ...readKinds(read),
    sizeBytes,
    sha256,
    documents: parts,
    withheld: sources.flatMap(({ kind }, index) => withheldOf(kind, written.sources[index]?.withheld ?? [])),
    mirror: { ledger, state, stateRoot },
  }
}

async function writeDelta(
  { evidence, mappings, readers }: WriteDeps,
  shard: Shard,
  { plan, scratch, path }: ShardTarget,
  signal: AbortSignal,
): Promise<WrittenShard> {
  const { base } = plan
  if (!base) throw new Problem('ledger/changed', `plan ${plan.id} is of no delta`)
  const sources = sourcesOf(shard, mappings)
  const written = await evidence.writeDelta(
    { plan, base, sources, readers, scratch, path, texts: textsOf(plan) },
    signal,
  )
  const { sizeBytes, sha256, parts, state, stateRoot } = written
  const changes = sources.map(({ kind }, index) => {
    const { added = 0, changed = 0, removed = 0 } = written.sources[index] ?? {}
    return { kind, added, changed, removed }
  })
  const each = <T>(read: (source: (typeof written.sources)[number], kind: (typeof sources)[number]['kind']) => T[]) =>
    written.sources.flatMap((source, index) => read(source, sources[index]?.kind ?? 'advisory'))
  return {
    ...readKinds(changes.map(({ kind, added, changed }) => ({ kind, records: added + changed }))),
    sizeBytes,
    sha256,
    documents: parts,
    withheld: each(({ withheld }, kind) => withheldOf(kind, withheld)),
    mirror: {
      ledger: written.ledger,
      state,
      stateRoot,
      delta: { changes, noLongerWithheld: each(({ noLongerWithheld }, kind) => withheldOf(kind, noLongerWithheld)) },
    },
  }
}

function sourcesOf({ kind, ranges, besides = [] }: Shard, mappings: Readonly<Record<string, Mapping | undefined>>) {
  return [{ kind, ranges }, ...besides].map((source) => {
    const mapping = mappings[source.kind]
    if (!mapping) throw new Problem('internal', `there is no mapping of ${source.kind}`)
    return { ...source, mapping }
  })
}

function textsOf(plan: Plan) {
  const { profile, scope, ledgerTime, base } = plan
  const content = mirrorReadme({
    profile: profile.id,
    tenant: scope.tenantId,
    ledgerRevision: scope.ledgerRevision,
    ledgerTime,
    base: base?.exportId ?? null,
    encryption: encryptionScheme(profile.config.encryption),
  })
  return [{ path: mirrorReadmePath, content }]
}
