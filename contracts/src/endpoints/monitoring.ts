import { mediaTypes } from '../media-types.ts'
import { overview } from '../overview.ts'
import { updatesQuery } from '../updates.ts'
import type { Endpoint } from './endpoint.ts'

/** What goes on in a tenant: numbers, and events as they happen. */
export const monitoringEndpoints = {
  getOverview: {
    method: 'GET',
    path: '/export/metrics/overview',
    role: 'Export.Viewer',
    summary: 'Runs, failures, durations, queue and ledger in numbers',
    answers: { 200: { description: 'The numbers.', content: { mediaType: mediaTypes.json, schema: overview } } },
    problems: [],
  },
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
