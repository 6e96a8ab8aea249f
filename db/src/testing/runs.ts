import { type NewProfile, newProfile, type Profile } from '@stella/contracts'
import type { Plan, ShardOutput } from '@stella/core'

/** A profile with every default. */
export function profileOf(name = 'raw'): NewProfile {
  return newProfile.parse({ name, kind: 'json', variant: 'raw', config: {} })
}

/** A plan of `shards` shards over an empty ledger. */
export function planOf(tenantId: string, id: string, profile: Profile, shards = 2): Plan {
  return {
    id,
    scope: { tenantId, ledgerRevision: 0, filters: {} },
    ledgerTime: '1970-01-01T00:00:00Z',
    profile,
    counts: { advisories: 1, vex: 2, sboms: 3 },
    estimatedBytes: 1234,
    shards: Array.from({ length: shards }, () => ({ kind: 'advisory', ranges: [] })),
  }
}

/** What a job wrote. */
export function shardOutput(shard: number): ShardOutput {
  const sha256 = String(shard).repeat(64).slice(0, 64)
  return {
    kind: 'advisory',
    records: shard,
    blob: { key: `k/${shard}`, sha256, sizeBytes: 1 },
    documents: [],
    withheld: [],
  }
}
