import type { PlannedPart } from '@stella/core'
import { and, asc, eq, isNotNull, notInArray, sql } from 'drizzle-orm'

import type { NextRun } from './admission.ts'
import type { OpenRun, RunId } from './export-runs.ts'
import { exportRuns } from './schema.ts'
import type { Transaction } from './session.ts'

const PART_DIGITS = 3

/** Id of a part of a run, or of a part's plan: that of the whole and its number, from 1. */
export function partId(whole: string, part: number): string {
  return `${whole}-${String(part).padStart(PART_DIGITS, '0')}`
}

/** Records the parts of a run, in the state `queued`. Those that are recorded stay as they are. */
export async function requestParts(
  tx: Transaction,
  { run, parts }: { run: OpenRun; parts: readonly PlannedPart[] },
): Promise<void> {
  const { tenantId, id, profile, profileId, profileRevision, planId, createdBy } = run
  const rows = parts.map(({ filters }, index) => ({
    tenantId,
    id: partId(id, index + 1),
    profileId,
    profileRevision,
    profile,
    filters,
    trigger: 'part' as const,
    reproduces: null,
    partOf: id,
    part: index + 1,
    planId: partId(planId, index + 1),
    createdBy,
  }))
  await tx.insert(exportRuns).values(rows).onConflictDoNothing()
}

/** The parts of a run, in order. */
export async function listParts(tx: Transaction, { tenantId, runId }: RunId): Promise<OpenRun[]> {
  return tx
    .select()
    .from(exportRuns)
    .where(and(eq(exportRuns.tenantId, tenantId), eq(exportRuns.partOf, runId)))
    .orderBy(asc(exportRuns.part))
}

/** True while a part of a run has not been sealed. */
export async function awaitsParts(tx: Transaction, { tenantId, runId }: RunId): Promise<boolean> {
  const rows = await tx
    .select({ id: exportRuns.id })
    .from(exportRuns)
    .where(
      and(
        eq(exportRuns.tenantId, tenantId),
        eq(exportRuns.partOf, runId),
        notInArray(exportRuns.state, ['succeeded', 'expired']),
      ),
    )
    .limit(1)
  return rows.length > 0
}

/** Parts of a tenant that are queued, those silent longest first: limits do not hold them, their run has its place. */
export async function queuedParts(
  tx: Transaction,
  { tenantId, limit }: { readonly tenantId: string; readonly limit: number },
): Promise<NextRun[]> {
  const { id, heartbeatAt } = exportRuns
  return tx
    .select({
      runId: id,
      silentMs: sql<number>`(extract(epoch from clock_timestamp() - ${heartbeatAt}) * 1000)::float8`,
    })
    .from(exportRuns)
    .where(and(eq(exportRuns.tenantId, tenantId), eq(exportRuns.state, 'queued'), isNotNull(exportRuns.partOf)))
    .orderBy(asc(heartbeatAt), asc(id))
    .limit(limit)
}
