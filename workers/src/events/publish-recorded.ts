import {
  EVENT_BATCH_ROWS,
  EVENT_HOLD_MS,
  EVENT_TENANTS,
  type RunEvent,
  runEvent,
  type VerificationEvent,
  verificationEvent,
} from '@stella/contracts'
import { claimEvents, type RecordedEvent, removeEvents, tenantsWithEvents } from '@stella/db'

import type { WorkerDeps } from '../deps.ts'
import { drainByTurns } from '../drain-by-turns.ts'

/** What publishing uses. */
export type PublishDeps = Pick<WorkerDeps, 'database' | 'inTenant' | 'bus' | 'log'>

/**
 * Publishes the events that were recorded with the changes they tell of, those of one run in order, and takes off what the bus has
 * acknowledged. Any number of workers may do so at once: a tenant has one publisher at a time. Where one is stopped between the two, the
 * next publishes the same ids again, which the stream drops.
 * @throws `db/unavailable` · Error where the events of a tenant could not be published; those of the others were
 */
export async function publishRecorded(deps: PublishDeps, signal: AbortSignal): Promise<void> {
  const tenants = await tenantsWithEvents(deps.database, EVENT_TENANTS)
  await drainByTurns({ tenants, drain: (tenantId) => publishBatch(deps, tenantId) }, signal)
}

async function publishBatch({ inTenant, bus, log }: PublishDeps, tenantId: string): Promise<boolean> {
  const published = await inTenant(tenantId, async (tx) => {
    const events = await claimEvents(tx, { tenantId, limit: EVENT_BATCH_ROWS, holdMs: EVENT_HOLD_MS })
    for (const wave of wavesOf(events)) await Promise.all(wave.map((event) => bus.publishEvent(eventOf(event))))
    if (events.length > 0) await removeEvents(tx, events)
    return events
  })
  for (const { runId, state, ok } of published) {
    const what = state === null ? { message: 'a run was verified', ok } : { message: 'run changed state', state }
    log({ ...what, tenant_id: tenantId, run_id: runId })
  }
  return published.length === EVENT_BATCH_ROWS
}

/** Events that may be published at once: no two of one run, so that none can arrive before the one it follows. */
function wavesOf(events: readonly RecordedEvent[]): RecordedEvent[][] {
  const waves: RecordedEvent[][] = []
  const seen = new Map<string, number>()
  for (const event of events) {
    const wave = seen.get(event.runId) ?? 0
    seen.set(event.runId, wave + 1)
    waves[wave] ??= []
    waves[wave].push(event)
  }
  return waves
}

function eventOf({ tenantId, runId, ...told }: RecordedEvent): RunEvent | VerificationEvent {
  const { state, verificationId, ok, recordedAt } = told
  const time = new Date(recordedAt)
  if (state !== null) return runEvent({ tenantId, runId, state, time })
  return verificationEvent({ tenantId, runId, verificationId: verificationId ?? '', ok: ok ?? false, time })
}
