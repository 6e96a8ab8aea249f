import { join } from 'node:path'

import { isFinal, type Job, type JobMessage, Problem, trivyDatabaseOf } from '@stella/contracts'
import { type Plan, type ShardOutput, stagingPrefix } from '@stella/core'
import { openRun, recordShard, shardWritten } from '@stella/db'

import type { WorkerDeps } from '../deps.ts'
import { requirePlan } from '../plan/require-plan.ts'
import { whileWanted } from '../run/while-wanted.ts'
import { writeDatabaseShard } from './write-database-shard.ts'
import { writeDocumentsShard } from './write-documents-shard.ts'
import { writeLinesShard } from './write-lines-shard.ts'
import { writeMirrorShard } from './write-mirror-shard.ts'

/** What one shard is written with. */
export type WriteDeps = Pick<WorkerDeps, 'inTenant' | 'blobs' | 'evidence' | 'mappings' | 'readers' | 'log'>

/** A shard written to a file on this machine. */
export type WrittenShard = Omit<ShardOutput, 'blob'> & { readonly sha256: string; readonly sizeBytes: number }

/**
 * write: one shard of a plan into the run's staging prefix.
 * Runs twice safely: shards are keyed by (run, shard), and the bytes depend on the plan alone.
 * @throws `record/schema-mismatch` · `record/digest-mismatch` · `record/order` · `native/io` · `blob/full` · `native/cancelled`
 * · what the evidence throws
 */
export async function writeStep(
  deps: WriteDeps,
  { tenantId, runId, shard }: JobMessage<'write'>,
  signal: AbortSignal,
): Promise<Job[]> {
  const run = await deps.inTenant(tenantId, (tx) => openRun(tx, { tenantId, runId }))
  if (run === null || isFinal(run.state)) return []

  const { planId } = run
  const next: Job[] = [{ step: 'seal', message: { tenantId, runId }, dedupeId: `${runId}/seal/${shard}` }]
  if (await deps.inTenant(tenantId, (tx) => shardWritten(tx, { tenantId, runId, shard }))) return next

  const plan = await deps.inTenant(tenantId, (tx) => requirePlan(tx, { tenantId, planId }))
  const scratch = await deps.blobs.scratch()
  try {
    const path = join(scratch.directory, `shard-${shard}`)
    const written = await whileWanted(deps, {
      tenantId,
      runId,
      signal,
      work: (wanted) => writeShard(deps, { plan, shard, scratch: scratch.directory, path }, wanted),
    })
    const { sha256, sizeBytes, ...output } = written
    const key = `${stagingPrefix(tenantId, runId)}${shard}-${sha256}`
    await deps.blobs.putFile({ key, file: path, sha256, sizeBytes, move: true })
    await deps.inTenant(tenantId, (tx) =>
      recordShard(tx, { tenantId, runId, shard, output: { ...output, blob: { key, sha256, sizeBytes } } }),
    )
  } finally {
    await scratch.dispose()
  }
  return next
}

/** Where one shard of a plan goes. */
export interface ShardTarget {
  readonly plan: Plan
  readonly shard: number
  /** Folder for what the writing needs meanwhile. */
  readonly scratch: string
  readonly path: string
}

async function writeShard(deps: WriteDeps, target: ShardTarget, signal: AbortSignal): Promise<WrittenShard> {
  const shard = target.plan.shards[target.shard]
  if (!shard) throw new Problem('ledger/changed', `plan ${target.plan.id} has no shard ${target.shard}`)
  const database = trivyDatabaseOf(target.plan.profile)
  if (database) return writeDatabaseShard(deps, shard, { ...target, database }, signal)
  if (target.plan.profile.kind === 'mirror') return writeMirrorShard(deps, shard, target, signal)
  const { kind, ranges } = shard
  if (kind === 'sbom') return writeDocumentsShard(deps, shard, target, signal)
  if (kind === 'jar')
    throw new Problem('ledger/changed', `plan ${target.plan.id} has a shard of JARs, which no file holds`)
  return writeLinesShard(deps, { kind, ranges }, target, signal)
}
