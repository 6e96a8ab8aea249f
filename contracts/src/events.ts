import type { RunState } from './run.ts'

/** Source of every event (CloudEvents 1.0, `source`). */
export const EVENT_SOURCE = '/export-center'

/** Type of the event of a run that reached a state (CloudEvents 1.0, `type`). */
function runEventType(state: RunState): string {
  return `com.stella.export.run.${state}.v1`
}

/** A CloudEvent 1.0 in structured JSON mode, as the stream `EXPORT_EVENTS` carries it. */
export interface RunEvent {
  readonly specversion: '1.0'
  readonly id: string
  readonly source: string
  readonly type: string
  readonly subject: string
  readonly time: string
  readonly datacontenttype: 'application/json'
  readonly data: { readonly run_id: string; readonly state: RunState; readonly tenant_id: string }
}

/** The event of a run that reached a state. One run reaches a state once, so its id serves to drop doubles. */
export function runEvent({
  tenantId,
  runId,
  state,
  time,
}: {
  tenantId: string
  runId: string
  state: RunState
  time: Date
}): RunEvent {
  return {
    specversion: '1.0',
    id: `${runId}/${state}`,
    source: EVENT_SOURCE,
    type: runEventType(state),
    subject: runId,
    time: time.toISOString(),
    datacontenttype: 'application/json',
    data: { run_id: runId, state, tenant_id: tenantId },
  }
}

/** The event of a run whose stored export was verified (CloudEvents 1.0, structured JSON mode). */
export interface VerificationEvent extends Omit<RunEvent, 'data'> {
  readonly data: {
    readonly run_id: string
    readonly verification_id: string
    readonly ok: boolean
    readonly tenant_id: string
  }
}

/** The event of a verdict. A verification ends once, so its id serves to drop doubles. */
export function verificationEvent(verdict: {
  tenantId: string
  runId: string
  verificationId: string
  ok: boolean
  time: Date
}): VerificationEvent {
  const { tenantId, runId, verificationId, ok, time } = verdict
  return {
    specversion: '1.0',
    id: verificationId,
    source: EVENT_SOURCE,
    type: 'com.stella.export.run.verified.v1',
    subject: runId,
    time: time.toISOString(),
    datacontenttype: 'application/json',
    data: { run_id: runId, verification_id: verificationId, ok, tenant_id: tenantId },
  }
}
