import type { ShardOutput } from '@stella/core'
import { and, asc, eq } from 'drizzle-orm'
import type { RunId } from './export-runs.ts'
import { runShards } from './schema.ts'
import type { Transaction } from './session.ts'

/** Records what a job wrote; false where another delivery of it was first, whose output stays. */
export async function recordShard(
  tx: Transaction,
  { tenantId, runId, shard, output }: RunId & { shard: number; output: ShardOutput },
): Promise<boolean> {
  const recorded = await tx
    .insert(runShards)
    .values({ tenantId, runId, shard, output })
    .onConflictDoNothing()
    .returning({ shard: runShards.shard })
  return recorded.length > 0
}

/** True where the output of a job is recorded. */
export async function shardWritten(
  tx: Transaction,
  { tenantId, runId, shard }: RunId & { shard: number },
): Promise<boolean> {
  const rows = await tx
    .select({ shard: runShards.shard })
    .from(runShards)
    .where(and(eq(runShards.tenantId, tenantId), eq(runShards.runId, runId), eq(runShards.shard, shard)))
  return rows.length > 0
}

/** Numbers of the jobs whose output is recorded, ascending. */
export async function writtenShards(tx: Transaction, { tenantId, runId }: RunId): Promise<number[]> {
  const rows = await tx
    .select({ shard: runShards.shard })
    .from(runShards)
    .where(and(eq(runShards.tenantId, tenantId), eq(runShards.runId, runId)))
    .orderBy(asc(runShards.shard))
  return rows.map(({ shard }) => shard)
}

/** What the jobs of a run wrote so far, in the order of the shards. */
export async function listShards(tx: Transaction, { tenantId, runId }: RunId): Promise<ShardOutput[]> {
  const rows = await tx
    .select({ output: runShards.output })
    .from(runShards)
    .where(and(eq(runShards.tenantId, tenantId), eq(runShards.runId, runId)))
    .orderBy(asc(runShards.shard))
  return rows.map(({ output }) => output)
}
