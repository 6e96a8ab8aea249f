import { updatesQuery } from '../updates.ts'
import type { Endpoint } from './endpoint.ts'

/** What goes on: the live updates of a tenant's runs. */
export const monitoringEndpoints = {
  streamUpdates: {
    method: 'GET',
    path: '/export/streams/updates',
    role: 'Export.Viewer',
    summary: 'Events of runs as they happen, over a WebSocket',
    query: updatesQuery,
    isSocket: true,
    answers: { 101: { description: 'A WebSocket: one CloudEvent in JSON a frame, each with its sequence.' } },
    problems: ['request/upgrade-required', 'resource/not-found', 'limit/connections', 'bus/unavailable'],
  },
} as const satisfies Record<string, Endpoint>
