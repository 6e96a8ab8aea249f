import type { RunState } from './run.ts'

/** Source of every event (CloudEvents 1.0, `source`). */
export const EVENT_SOURCE = '/export-center'

/** Type of the event of a run that reached a state (CloudEvents 1.0, `type`). */
export function runEventType(state: RunState): string {
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
