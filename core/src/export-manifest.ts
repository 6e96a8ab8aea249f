import {
  type Coverage,
  type ExportFile,
  type ExportManifest,
  groupOfKind,
  type RunCounts,
  exportManifest as schema,
} from '@stella/contracts'

import { inByteOrder } from './byte-order.ts'
import { canonicalJson } from './canonical-json.ts'
import { contentRoot } from './content-root.ts'
import { encodeJson, parseJson } from './json-documents.ts'
import { mirrorContent } from './mirror-content.ts'
import { countsOf } from './parts.ts'
import type { Plan } from './plan.ts'
import type { ShardOutput } from './shard-output.ts'

/** The mirror before another one of its profile. */
export type PreviousMirror = NonNullable<ExportManifest['run']['previous']>

/** Identity of a run, recorded once: a retry and a reproduction write the same. */
export interface RunIdentity {
  readonly id: string
  readonly trigger: string
  readonly startedAt: string
  readonly finishedAt: string
  /** Of a mirror: the one of its profile before it; null for the first. */
  readonly previous: PreviousMirror | null
}

/** What a manifest is made of. */
export interface ManifestInputs {
  readonly plan: Plan
  readonly run: RunIdentity
  readonly shards: readonly ShardOutput[]
  readonly files: readonly ExportFile[]
  readonly coverage: readonly Coverage[]
  readonly schemas: Readonly<Record<string, string>>
  readonly compression: { readonly library: string; readonly frameBytes: number }
}

/** `export.json` as a value; `encodeManifest` gives its bytes. Source: docs/formats/export-json.md. */
export function exportManifest(inputs: ManifestInputs): ExportManifest {
  const { plan, run, shards, coverage, schemas, compression } = inputs
  const { id, name, kind, variant, revision, config } = plan.profile
  const files = inByteOrder(inputs.files, ({ path }) => path)
  return {
    schema_version: '1',
    content: {
      profile: { id, name, kind, variant, revision },
      filters: plan.scope.filters,
      ledger_revision: plan.scope.ledgerRevision,
      ledger_time: plan.ledgerTime,
      policy_version: null,
      schemas,
      compression: {
        codec: config.compression.codec,
        level: config.compression.level,
        library: compression.library,
        frame_bytes: compression.frameBytes,
      },
      counts: writtenCounts(shards),
      coverage: inByteOrder(coverage, ({ source }) => source),
      withheld: inByteOrder(
        shards.flatMap((shard) => shard.withheld),
        (entry) => canonicalJson({ ...entry }),
      ),
      files,
      content_root: contentRoot(files),
      ...mirrorContent(plan, shards),
    },
    run: {
      id: run.id,
      tenant: plan.scope.tenantId,
      trigger: run.trigger,
      started_at: run.startedAt,
      finished_at: run.finishedAt,
      ...(run.previous && { previous: run.previous }),
    },
  }
}

/** The bytes of `export.json`: canonical JSON (RFC 8785) and one line feed. */
export function encodeManifest(manifest: ExportManifest): Buffer {
  return encodeJson(manifest)
}

/** The manifest that some bytes hold; null where they hold none. */
export function decodeManifest(bytes: Uint8Array): ExportManifest | null {
  return schema.safeParse(parseJson(bytes)).data ?? null
}

function writtenCounts(shards: readonly ShardOutput[]): RunCounts {
  const read = shards.flatMap((shard) => [shard, ...(shard.besides ?? [])])
  return countsOf(read.map(({ kind, records }) => ({ group: groupOfKind[kind], records })))
}
